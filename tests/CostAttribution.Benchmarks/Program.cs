using BenchmarkDotNet.Running;
using CostAttribution.Benchmarks.Pipeline;

// "path" needs no statistics of many runs and means something on a busy machine: see docs/performance.md.
if (args is ["path"]) PathTimes.Print(passes: 200);
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
