using System.Globalization;
using CostAttribution.Benchmarks.Pipeline;
using CostAttribution.Domain.Attribution;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Otlp;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Benchmarks.Journal;

/// <summary>
/// What is written to disk for a byte of accepted records: by the journal's own count, by what this process gave to the operating
/// system (<c>wchar</c>) and by what that gave to the disk (<c>write_bytes</c>; whole blocks, file system metadata not always).
/// Then what the posting files add for the same spans.
/// </summary>
internal static class JournalWrites
{
    private sealed record Shape(string Name, int Traces, int Senders, int Records);

    private static readonly Shape[] Shapes =
    [
        new("510 spans a request, 64 senders", 85, 64, 1280),
        new("510 spans a request, 1 sender", 85, 1, 200),
        new("6 spans a request, 64 senders", 1, 64, 12_800),
        new("6 spans a request, 1 sender", 1, 1, 1_000),
    ];

    public static async Task PrintAsync()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "journal-writes");
        Console.WriteLine("written bytes per byte of accepted records");
        Console.WriteLine($"{"",-34} {"record",8} {"journal",8} {"wchar",8} {"disk",8} {"records/sync",13}");
        foreach (var shape in Shapes) await PrintAsync(path, shape);
        PrintPostings(path);
    }

    private static async Task PrintAsync(string path, Shape shape)
    {
        var records = Records(shape);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        var options = new JournalOptions { WindowBytesMax = 0, FreeBytesMin = 0 };
        using (var journal = DurableJournal.Open(SystemDirectory.Open(path), "bench", options, TimeProvider.System))
        {
            var writer = journal.Appender.RunAsync(CancellationToken.None);
            var before = ProcessWrites.Read();
            await Task.WhenAll(Enumerable.Range(0, shape.Senders).Select(async sender =>
            {
                for (var index = sender; index < shape.Records; index += shape.Senders)
                {
                    var position = await journal.Appender.AppendAsync(records[index % records.Count]);
                    // As the assembler does once a second: the mark moves and segments go.
                    if (index % 256 == 0) journal.TrimTo(position);
                }
            }));
            var after = ProcessWrites.Read();
            var statistics = journal.Statistics();
            var bytes = (double)statistics.AppendedBytes;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{shape.Name,-34} {bytes / statistics.AppendedRecords,8:0} {statistics.WrittenBytes / bytes,8:0.0000} "
                + $"{(after.ToSystem - before.ToSystem) / bytes,8:0.0000} {(after.ToDisk - before.ToDisk) / bytes,8:0.0000} "
                + $"{(double)statistics.AppendedRecords / statistics.Syncs,13:0.0}"));
            journal.Dispose();
            await writer;
        }
        Directory.Delete(path, recursive: true);
    }

    private static List<byte[]> Records(Shape shape)
    {
        var bodies = new BenchmarkBodies(new BenchmarkShape { Traces = shape.Traces });
        using var reader = new OtlpTraceReader(AttributionTable.Default.Keys, OtlpLimits.Default);
        var records = new List<byte[]>();
        for (var number = 0; number < 64; number++)
        {
            var now = TimeProvider.System.GetUtcNow();
            using var batch = reader.ReadProtobuf(bodies.Next(now).Span, (ulong)now.ToUnixTimeMilliseconds() * 1_000_000).Batch!;
            records.Add(batch.Encoded.ToArray());
        }
        return records;
    }

    private static void PrintPostings(string path)
    {
        const int bodies = 40;
        using var rig = new PathRig(bodies);
        rig.Renew();
        var recordBytes = rig.DecodedBytes();
        rig.Assemble();
        var postings = rig.PostInFiles();
        var spool = PostingSpool.Open(SystemDirectory.Open(path), new PostingSpoolOptions(), TimeProvider.System);
        var before = ProcessWrites.Read();
        foreach (var (id, content) in postings)
        {
            spool.Write(id, content);
            spool.Confirm(id);
        }
        var after = ProcessWrites.Read();
        Directory.Delete(path, recursive: true);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"posting files, the same spans",-34} {"",8} {postings.Sum(posting => (double)posting.Content.Length) / recordBytes,8:0.0000} "
            + $"{(double)(after.ToSystem - before.ToSystem) / recordBytes,8:0.0000} "
            + $"{(double)(after.ToDisk - before.ToDisk) / recordBytes,8:0.0000}"));
    }
}

/// <summary>What this process has written so far, by <c>/proc/self/io</c>; zeros where there is none.</summary>
internal readonly record struct ProcessWrites(long ToSystem, long ToDisk)
{
    public static ProcessWrites Read()
    {
        const string path = "/proc/self/io";
        if (!File.Exists(path)) return default;
        var lines = File.ReadAllLines(path);
        return new ProcessWrites(Number("wchar: "), Number("write_bytes: "));

        long Number(string name) => long.Parse(
            lines.Single(line => line.StartsWith(name, StringComparison.Ordinal)).AsSpan(name.Length), CultureInfo.InvariantCulture);
    }
}
