using CostAttribution.Server.Hosting;

return await ServerApplication.RunAsync(args).ConfigureAwait(false);
