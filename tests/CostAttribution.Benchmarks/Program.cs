using BenchmarkDotNet.Running;
using CostAttribution.Benchmarks.Pipeline;

if (args is ["path", ..]) PathTimes.Print(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 200);
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
