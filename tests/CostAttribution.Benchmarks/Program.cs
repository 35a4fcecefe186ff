using System.Globalization;
using BenchmarkDotNet.Running;
using CostAttribution.Benchmarks.Journal;
using CostAttribution.Benchmarks.Pipeline;
using CostAttribution.Benchmarks.Server;

// "path", "memory" and "corrections" need no statistics of many runs and mean something on a busy machine: see docs/performance.md.
// "journal", "recovery [spans]" and "acks [seconds]" are described in docs/durability.md.
if (args is ["path"]) PathTimes.Print(passes: 200);
else if (args is ["memory"]) PathMemory.Print(bodies: 1600);
else if (args is ["journal"]) await JournalWrites.PrintAsync();
else if (args is ["recovery", ..]) await RecoveryTimes.PrintAsync(Number(1, 1_000_000));
else if (args is ["acks", ..]) await AckLatency.PrintAsync(TimeSpan.FromSeconds(Number(1, 20)));
else if (args is ["corrections"]) CorrectionTable.Print();
else BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);

int Number(int index, int otherwise) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
