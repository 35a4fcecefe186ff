namespace CostAttribution.Server.Hosting;

/// <summary>A web host with nothing in it but Kestrel, routing and the console log.</summary>
internal static class BareHost
{
    public static WebApplicationBuilder New(IConfiguration configuration, bool quiet)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddRouting();
        ConfigureLogging(builder.Logging, configuration, quiet);
        return builder;
    }

    private static void ConfigureLogging(ILoggingBuilder logging, IConfiguration configuration, bool quiet)
    {
        logging.AddConfiguration(configuration.GetSection("Logging"));
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        // A failed start is told in one line by who catches it; the host would add a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        if (quiet) logging.AddFilter(level => level >= LogLevel.Error);
    }
}
