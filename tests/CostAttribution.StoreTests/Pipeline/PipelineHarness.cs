using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Otlp;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>
/// The real decoder, assembler, costing, poster and encoder over the real engine, driven by hand: the test says when time
/// passes, when rows are sent and when the store is asked.
/// </summary>
internal sealed class PipelineHarness : IDisposable
{
    private readonly IClickHouseTransport store;
    private readonly OtlpReaderPool readers;
    private readonly CostingSnapshots snapshots;
    private readonly AssemblyOptions assemblyOptions;
    private readonly AttributeKeyTable keys;
    private TracePoster poster = null!;
    private PostingEncoder encoder = null!;
    private TraceLoader loader = null!;
    private readonly List<(ulong Position, byte[] Body)> journal = [];
    private ulong position;

    public PipelineHarness(IClickHouseTransport store, RateBook rates, AssemblyOptions? options = null,
        AttributionTable? attribution = null)
    {
        this.store = store;
        assemblyOptions = options ?? new AssemblyOptions { PostedFilterBitsLog2 = 16, CostlessKept = TimeSpan.FromHours(6) };
        var table = attribution ?? AttributionTable.Default;
        keys = table.Keys;
        readers = new OtlpReaderPool(keys, OtlpLimits.Default, 1);
        snapshots = new CostingSnapshots(rates, table);
        Start(storeIsEmpty: true);
    }

    public ManualClock Clock { get; } = new();
    public TraceAssembler Assembler { get; private set; } = null!;
    public AssemblyMetrics Metrics { get; } = new();
    public OpenCostBook OpenCosts { get; } = new();
    public long RowsPosted { get; private set; }
    public long Postings { get; private set; }

    /// <summary>
    /// Forgets everything in memory, as a killed process does, and replays what the journal would still hold: everything from the
    /// lowest position that a trace, or rows not sent yet, need.
    /// </summary>
    public void Restart()
    {
        var from = Math.Min(Assembler.HeldFrom, poster.Buffer.Hold.JournalFrom);
        Stop();
        Start(storeIsEmpty: false);
        foreach (var (at, body) in journal.Where(record => record.Position >= from)) Decode(body, at, replayed: true);
    }

    /// <summary>Takes in one OTLP protobuf body.</summary>
    public void Offer(byte[] body)
    {
        journal.Add((++position, body));
        Decode(body, position, replayed: false);
    }

    private void Decode(byte[] body, ulong at, bool replayed)
    {
        var reader = readers.Rent();
        var result = reader.ReadProtobuf(body, (ulong)Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000);
        readers.Return(reader);
        Assert.Null(result.Error);
        using var batch = result.Batch!;
        Assembler.Accept(batch, at, replayed);
    }

    public void Offer(SpanBatch batch) => Assembler.Accept(batch, ++position, replayed: false);

    /// <summary>Lets time pass in small steps and does what falls due, the store's answers included.</summary>
    public async Task PassAsync(TimeSpan time, CancellationToken cancel)
    {
        var step = TimeSpan.FromMilliseconds(500);
        for (var left = time; left > TimeSpan.Zero; left -= step)
        {
            Clock.Advance(left < step ? left : step);
            Assembler.Advance();
            await SendAsync(cancel);
            await AnswerAsync(cancel);
        }
    }

    /// <summary>Sends what has gathered; every block goes out <paramref name="times"/> times under its token.</summary>
    public async Task SendAsync(CancellationToken cancel, int times = 1)
    {
        if (poster.Buffer.RowCount == 0) return;
        var posting = encoder.Encode(poster.TakeBuffer());
        posting = EncodedPosting.FromBytes(posting.PostingId, posting.ToBytes());
        for (var i = 0; i < times; i++)
        {
            foreach (var table in posting.Tables) await store.InsertAsync(posting.InsertOf(table), cancel);
        }
        RowsPosted += posting.LedgerRows;
        Postings++;
    }

    public async Task AnswerAsync(CancellationToken cancel)
    {
        var questions = new StoreQuestions();
        Assembler.Ask(questions, 100_000);
        if (questions.Count == 0) return;
        cancel.ThrowIfCancellationRequested();
        var answer = await loader.LoadAsync(questions);
        Assert.True(answer.Answered);
        Assembler.Answer(answer);
    }

    public void Dispose()
    {
        Stop();
        readers.Dispose();
    }

    private void Start(bool storeIsEmpty)
    {
        poster = new TracePoster(new SpanBatchBuilder(keys, TracingLimits.Default));
        encoder = new PostingEncoder("test", Clock);
        var shelf = new SnapshotShelf(new SnapshotArchive(store), keys, snapshots, NullLogger.Instance);
        loader = new TraceLoader(new LedgerReader(store), new TopicReader(store), shelf, keys, new PipelineMetrics(), NullLogger.Instance);
        var costing = new CostingStage(snapshots, 10_000, storeIsEmpty);
        if (!storeIsEmpty) AskedBefore(costing, new TopicReader(store));
        Assembler = new TraceAssembler(assemblyOptions, Clock, costing, poster, Metrics, OpenCosts, storeIsEmpty);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
    }

    // As the pipeline does when it starts.
    private static void AskedBefore(CostingStage costing, TopicReader topics)
    {
        foreach (var key in topics.LoadAskedKeysAsync(1000, CancellationToken.None).GetAwaiter().GetResult())
            costing.Outside.AskedBefore(key);
    }

    private void Stop()
    {
        Assembler.Dispose();
        poster.Dispose();
        encoder.Dispose();
    }
}
