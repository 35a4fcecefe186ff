using BenchmarkDotNet.Attributes;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Benchmarks.Journal;

/// <summary>
/// Append throughput with real syncs: an operation is a round of acknowledged records from one or many senders at a time. The
/// journal is trimmed as it goes, as a consumer would. Run with <c>-i --runOncePerIteration --iterationCount 5</c>. Records
/// of 200 KB are requests of about 500 spans; of 2 KB, small ones.
/// </summary>
[MemoryDiagnoser]
public class JournalAppendBenchmarks
{
    private const int BytesPerRound = 64 * 1024 * 1024;

    private string _path = "";
    private byte[] _payload = [];
    private DurableJournal? _journal;
    private Task _writer = Task.CompletedTask;

    [Params(2_000, 200_000)]
    public int PayloadBytes { get; set; }

    [Params(1, 64)]
    public int Senders { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _path = Path.Combine(AppContext.BaseDirectory, "journal-bench");
        if (Directory.Exists(_path)) Directory.Delete(_path, recursive: true);
        _payload = new byte[PayloadBytes];
        new Random(1).NextBytes(_payload);
        var options = new JournalOptions { WindowBytesMax = 0, FreeBytesMin = 0 };
        _journal = DurableJournal.Open(SystemDirectory.Open(_path), "bench", options, TimeProvider.System);
        _writer = _journal.Appender.RunAsync(CancellationToken.None);
    }

    /// <summary>One round: 64 MiB, or 200 records for a lone sender, whose pace is the disk's.</summary>
    [Benchmark]
    public async Task<long> Append()
    {
        var perSender = Senders == 1 ? 200 : BytesPerRound / PayloadBytes / Senders;
        var senders = new Task[Senders];
        for (var index = 0; index < Senders; index++) senders[index] = Send(perSender);
        await Task.WhenAll(senders);
        _journal!.TrimTo(_journal.Statistics().DurablePosition);
        return (long)perSender * Senders;
    }

    [GlobalCleanup]
    public void Close()
    {
        var statistics = _journal!.Statistics();
        Console.WriteLine(
            $"// payload {PayloadBytes}, senders {Senders}: {statistics.AppendedRecords} records, {statistics.Syncs} syncs, "
            + $"write amplification {(decimal)statistics.WrittenBytes / statistics.AppendedBytes:F4}");
        _journal.Dispose();
        _writer.GetAwaiter().GetResult();
        Directory.Delete(_path, recursive: true);
    }

    private async Task Send(int records)
    {
        for (var index = 0; index < records; index++) await _journal!.Appender.AppendAsync(_payload);
    }
}
