using System.Globalization;
using System.Text;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.RateCards;
using CostAttribution.Testing.Time;

namespace CostAttribution.Benchmarks.Pipeline;

/// <summary>
/// How many ledger rows an agent run of ten minutes makes: sixty model calls, one every ten seconds, each below a step of its
/// own; spans arrive when they end. What differs is who knows the customer and when the root comes.
/// </summary>
internal static class CorrectionTable
{
    private const int Calls = 60;
    private const double CallSeconds = 10;

    private sealed record Scenario(string Name)
    {
        /// <summary>Attributes of the root span.</summary>
        public (string, string)[] OnRoot { get; init; } = [];
        public (string, string)[] OnCall { get; init; } = [];
        public (string, string)[] OnResource { get; init; } = [];

        /// <summary>Seconds from the first call to the root's arrival.</summary>
        public double RootAfter { get; init; } = Calls * CallSeconds;

        /// <summary>Seconds from a call's end to that of the step around it.</summary>
        public double StepAfter { get; init; } = 1;
    }

    private static readonly (string, string)[] Owner = [("customer.id", "acme"), ("feature.id", "support")];
    private static readonly (string, string)[] OwnerAndWorkflow = [.. Owner, ("gen_ai.workflow.name", "triage")];

    private static readonly Scenario[] All =
    [
        new("root first, carries the customer") { OnRoot = Owner, RootAfter = -1 },
        new("root last, carries the customer") { OnRoot = Owner },
        new("root last, customer on every call, workflow is the root's name") { OnCall = Owner },
        new("root last, customer and workflow on every call") { OnCall = OwnerAndWorkflow },
        new("root last, customer from the resource, workflow on every call") { OnResource = Owner,
            OnCall = [("gen_ai.workflow.name", "triage")] },
        new("root last, customer and workflow on every call, steps end a minute late") { OnCall = OwnerAndWorkflow, StepAfter = 60 },
        new("root two hours late, carries the customer") { OnRoot = Owner, RootAfter = 7200 },
    ];

    public static void Print()
    {
        Console.WriteLine($"{Calls} calls in {Calls * CallSeconds / 60:0} minutes");
        Console.WriteLine("| run | spans | ledger rows | rows per call | reversals | call seen after (median, longest) |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var scenario in All) Console.WriteLine(Row(scenario));
    }

    private static string Row(Scenario scenario)
    {
        using var run = new Run(scenario.OnResource);
        var events = new List<(double At, Action Send)>
        {
            (scenario.RootAfter, () => run.Send(1, 0, "POST /ask", scenario.OnRoot)),
        };
        for (var i = 0; i < Calls; i++)
        {
            var (id, at) = (10 + i * 2, i * CallSeconds);
            (string, string)[] call = [("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
                ("gen_ai.request.model", "gpt-4.1"), .. scenario.OnCall];
            events.Add((at, () => run.Send(id + 1, id, "chat gpt-4.1", call, input: 1000, output: 100)));
            events.Add((at + scenario.StepAfter, () => run.Send(id, 1, "execute_tool search", [("gen_ai.operation.name", "execute_tool"),
                ("gen_ai.tool.name", "search"), ("gen_ai.provider.name", "openai")])));
        }
        foreach (var (at, send) in events.OrderBy(sent => sent.At))
        {
            run.PassUntil(at + 1);
            send();
        }
        run.PassUntil(run.Seconds + 400);

        var rows = run.Rows;
        var seen = rows.Where(row => row.Row is { Sign: > 0, Revision: 1 })
            .Select(row => row.At - 1 - ((double)row.Row.SpanId.Value - 11) / 2 * CallSeconds).Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture,
            $"| {scenario.Name} | {Calls * 2 + 1} | {rows.Count} | {rows.Count / (double)Calls:0.00} | {rows.Count(row => row.Row.Sign < 0)} | " +
            $"{seen[seen.Length / 2]:0} s, {seen[^1]:0} s |");
    }

    /// <summary>The real assembler, costing and poster on a manual clock; the store is empty and stays so but for this run.</summary>
    private sealed class Run : IDisposable
    {
        private readonly ManualClock clock = new();
        private readonly TracePoster poster = new(new SpanBatchBuilder(AttributionTable.Default.Keys, TracingLimits.Default));
        private readonly SpanBatchBuilder builder = new(AttributionTable.Default.Keys, TracingLimits.Default);
        private readonly TraceAssembler assembler;
        private readonly (string, string)[] resource;
        private ulong position;

        public Run((string, string)[] resource)
        {
            this.resource = resource;
            var rates = RateCardFiles.Load(null).Book ?? throw new InvalidOperationException("the shipped prices cannot be read");
            var costing = new CostingStage(new CostingSnapshots(rates, AttributionTable.Default), 1000, storeIsEmpty: true);
            // A trace stays in memory, so that nothing need be looked up.
            var options = new AssemblyOptions { PostedFilterBitsLog2 = 16, SettledKept = TimeSpan.FromHours(6) };
            assembler = new TraceAssembler(options, clock, costing, poster, new AssemblyMetrics(), new OpenCostBook(), storeIsEmpty: true);
        }

        public double Seconds { get; private set; }
        public List<(LedgerEntry Row, double At)> Rows { get; } = [];

        public void PassUntil(double seconds)
        {
            for (; Seconds < seconds; Seconds += 0.5)
            {
                clock.Advance(TimeSpan.FromSeconds(0.5));
                assembler.Advance();
                Answer();
                var buffer = poster.TakeBuffer();
                Rows.AddRange(buffer.Traces.SelectMany(trace => trace.Rows).Select(row => (row, Seconds)));
            }
        }

        public void Send(int id, int parent, string name, (string Key, string Value)[] attributes, long input = 0, long output = 0)
        {
            builder.BeginResource();
            foreach (var (key, value) in resource) Add(key, value);
            var source = builder.EndResource();
            var scope = builder.AddScope("bench"u8, default, default);
            builder.BeginSpan();
            foreach (var (key, value) in attributes) Add(key, value);
            if (input > 0)
            {
                builder.AddInt(Key("gen_ai.usage.input_tokens"), input);
                builder.AddInt(Key("gen_ai.usage.output_tokens"), output);
            }
            var now = (ulong)clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
            builder.EndSpan(new SpanHeader
            {
                TraceId = new TraceId(1, 1), SpanId = new SpanId((ulong)id), ParentSpanId = new SpanId((ulong)parent),
                StartNanos = now - 1_000_000_000 + (ulong)id, EndNanos = now, Kind = SpanKind.Client,
            }, Encoding.UTF8.GetBytes(name), source, scope, now);
            using var batch = builder.Build();
            assembler.Accept(batch, ++position, replayed: false);
        }

        public void Dispose()
        {
            assembler.Dispose();
            poster.Dispose();
            builder.Dispose();
        }

        private void Answer()
        {
            var questions = new StoreQuestions();
            assembler.Ask(questions, 100);
            if (questions.Count == 0) return;
            assembler.Answer(new LoadAnswer(questions, true, new Dictionary<TraceId, StoredTrace>(), new Dictionary<TraceId, string>(), [], []));
        }

        private void Add(string key, string value) => builder.AddText(Key(key), Encoding.UTF8.GetBytes(value));

        private static KnownKey Key(string name) => AttributionTable.Default.Keys.TryGet(name, out var key) ? key
            : throw new ArgumentException($"key {name} is not kept");
    }
}
