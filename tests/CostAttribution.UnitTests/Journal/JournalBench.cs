using System.Text;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>Time that moves when told to.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public void Step(TimeSpan by) => _now += by;
}

/// <summary>A journal on a test's directory, written without a thread: each append commits.</summary>
internal sealed class JournalBench : IDisposable
{
    public const string Node = "node-a";

    public JournalBench(StoreDirectory directory, JournalOptions? options = null, SteppedTime? time = null, string node = Node)
    {
        Time = time ?? new SteppedTime();
        Journal = DurableJournal.Open(directory, node, options ?? Small(), Time, Events.Add);
    }

    public DurableJournal Journal { get; }

    public SteppedTime Time { get; }

    public List<JournalEvent> Events { get; } = [];

    /// <summary>Segments of a few records; no window, no free-space floor.</summary>
    public static JournalOptions Small(long journalBytes = 1 << 20, long feedBytes = 1 << 20, long window = 0) => new()
    {
        SegmentBytesMax = 4096,
        RecordBytesMax = 2048,
        JournalBytesMax = journalBytes,
        FreeBytesMin = 0,
        FeedBytesMax = feedBytes,
        WindowBytesMax = window,
    };

    public static byte[] Payload(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A payload that tells its number and fills the size.</summary>
    public static byte[] Payload(int number, int bytes)
    {
        var payload = new byte[bytes];
        new Random(number).NextBytes(payload);
        BitConverter.TryWriteBytes(payload, number);
        return payload;
    }

    public JournalPosition Append(byte[] payload) => TryAppend(payload).GetAwaiter().GetResult();

    public Task<JournalPosition> TryAppend(byte[] payload)
    {
        var append = Journal.Appender.AppendAsync(payload).AsTask();
        Journal.Appender.Commit();
        Assert.True(append.IsCompleted);
        return append;
    }

    /// <summary>False when the journal refuses; any other failure fails the test.</summary>
    public bool TryAppend(byte[] payload, out ulong position)
    {
        var append = TryAppend(payload);
        position = append.IsCompletedSuccessfully ? append.Result.Sequence : 0;
        if (!append.IsCompletedSuccessfully) Assert.IsAssignableFrom<JournalException>(append.Exception!.InnerException);
        return append.IsCompletedSuccessfully;
    }

    /// <summary>Appends numbered records of 1000 bytes until the journal is full; returns how many it took.</summary>
    public int Fill(out JournalFullException refused)
    {
        for (var kept = 0; ; kept++)
        {
            try
            {
                Append(Payload(kept + 1, 1000));
            }
            catch (JournalFullException full)
            {
                refused = full;
                return kept;
            }
        }
    }

    public List<(ulong Position, byte[] Payload)> ReadAll(ulong from = 0)
    {
        using var reader = Journal.OpenReader(new JournalPosition(from));
        var records = new List<(ulong, byte[])>();
        while (reader.TryRead(out var record))
        {
            using (record) records.Add((record.Position.Sequence, record.Payload.ToArray()));
        }
        return records;
    }

    public static List<(ulong Position, byte[] Payload)> Drain(JournalFeed feed)
    {
        var records = new List<(ulong, byte[])>();
        while (feed.TryRead(out var record))
        {
            using (record) records.Add((record.Position.Sequence, record.Payload.ToArray()));
        }
        return records;
    }

    public void Dispose() => Journal.Dispose();
}
