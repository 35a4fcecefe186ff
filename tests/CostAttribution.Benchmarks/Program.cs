using BenchmarkDotNet.Running;
using CostAttribution.Benchmarks.Pipeline;

// "path" and "memory" need no statistics of many runs and mean something on a busy machine: see docs/performance.md.
if (args is ["path"]) PathTimes.Print(passes: 200);
else if (args is ["memory"]) PathMemory.Print(bodies: 1600);
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
