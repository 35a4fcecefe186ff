using System.Diagnostics;
using System.Globalization;
using CostAttribution.Domain.Attribution;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Otlp;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Benchmarks.Server;

/// <summary>
/// How long a server that finds a journal of so many spans and an empty store takes from the start of its process until it takes
/// spans, until it has read all of the journal and until the store has everything. Real files, the embedded engine.
/// </summary>
internal static class RecoveryTimes
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    public static async Task PrintAsync(int spans)
    {
        var data = ServerChild.NewDataDirectory("recovery-data");
        try
        {
            var began = Stopwatch.GetTimestamp();
            var (written, bytes) = await WriteJournalAsync(Path.Combine(data, "journal"), spans);
            Print("journal written", Stopwatch.GetElapsedTime(began), $"{written} spans, {bytes} bytes");

            await using var server = await ServerChild.StartAsync(data);
            Print("process started to running", server.Elapsed, "engine and journal open, intake too");
            await server.UntilAsync(figures => figures.Replayed >= written, Limit);
            Print("process started to all replayed", server.Elapsed, "");
            var end = await server.UntilAsync(figures => figures is { LagBytes: 0, Open: 0 }, Limit);
            Print("process started to all posted", server.Elapsed, $"{end.RowsPosted} ledger rows");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<(long Spans, long Bytes)> WriteJournalAsync(string path, int spans)
    {
        // The server's own id and its limit for one record; the rest are the defaults that it has too.
        var options = new JournalOptions { RecordBytesMax = 60 << 20 };
        using var journal = DurableJournal.Open(SystemDirectory.Open(path), "node-1", options, TimeProvider.System);
        var writer = journal.Appender.RunAsync(CancellationToken.None);
        using var reader = new OtlpTraceReader(AttributionTable.Default.Keys, OtlpLimits.Default);
        var bodies = new BenchmarkBodies(new BenchmarkShape());
        long written = 0;
        var pending = new Queue<Task>();
        while (written < spans)
        {
            var now = TimeProvider.System.GetUtcNow();
            using var batch = reader.ReadProtobuf(bodies.Next(now).Span, (ulong)now.ToUnixTimeMilliseconds() * 1_000_000).Batch!;
            pending.Enqueue(journal.Appender.AppendAsync(batch.Encoded).AsTask());
            written += batch.SpanCount;
            if (pending.Count > 64) await pending.Dequeue();
        }
        await Task.WhenAll(pending);
        var bytes = journal.Statistics().Bytes;
        journal.Appender.Dispose();
        await writer;
        return (written, bytes);
    }

    private static void Print(string phase, TimeSpan time, string words) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{phase,-34} {time.TotalSeconds,8:0.00} s  {words}"));
}
