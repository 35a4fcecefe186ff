using System.Threading.Channels;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Runs the assembler: reads the journal's feed, ticks the clock, asks the store about traces it may hold, hands postings on
/// and tells the journal what it may forget. One task; one turn of it is a <see cref="Step"/>, which never waits. While the
/// posting stage has no room rows gather up to the size of a posting; from there on the stage is blocked and reads nothing
/// more, so that memory stays bounded and the journal takes the load.
/// </summary>
internal sealed class AssemblyStage(TraceAssembler assembler, TracePoster poster, DurableJournal journal, BatchFeed feed,
    PostingStage posting, TraceLoader loader, SetAsideTraces setAside, TimeProvider clock, PostingOptions options,
    PipelineMetrics metrics, ILogger logger, long journalBytesMax)
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(1);
    private const int RecordsPerTurn = 64;

    // One wake-up is enough however many events there are.
    private readonly Channel<bool> wake =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly PostingsOnTheWay onTheWay = new(poster);
    private StoreQuestions questions = new();
    private readonly RetryPause lookupPause = new(clock, options);
    private readonly TroubleNote trimTrouble = new(clock);
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool draining;
    private Task<LoadAnswer>? loading;
    private long askAfter;
    private long bufferSince;
    private long trimmedAt, setAsideAt;

    /// <summary>Records up to here were in the journal before this process: their traces may have been posted already.</summary>
    public JournalPosition ReplayEnd { get; init; }

    /// <summary>
    /// Sends what is due without waiting for company from here on. Completes when all of it is confirmed, or when store or disk
    /// do not take it. Nothing new may come in any more.
    /// </summary>
    public Task DrainAsync()
    {
        draining = true;
        Wake();
        return drained.Task;
    }

    /// <summary>Memory that traces take at this moment, in bytes.</summary>
    public long OpenTraceBytes => assembler.Bytes;

    /// <summary>Traces that an audit wants costed again.</summary>
    public RecheckQueue Rechecks { get; } = new();

    /// <summary>Makes the stage look again: something it waits for may have happened.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = clock.CreateTimer(_ => wake.Writer.TryWrite(true), null, TickInterval, TickInterval);
        Task<bool>? readable = null;
        var feedEnded = false;
        while (!stop.IsCancellationRequested)
        {
            if (Step()) continue;
            if (draining && IsDrained) drained.TrySetResult();

            var woken = wake.Reader.WaitToReadAsync(stop).AsTask();
            if (feedEnded || IsBlocked || !assembler.HasRoom || feed.IsPaused)
            {
                await woken.ConfigureAwait(false);
            }
            else
            {
                readable ??= feed.WaitToReadAsync(stop).AsTask();
                await Task.WhenAny(readable, woken).ConfigureAwait(false);
                if (readable.IsCompleted)
                {
                    feedEnded = !await readable.ConfigureAwait(false);
                    readable = null;
                }
            }
            wake.Reader.TryRead(out _);
        }
    }

    /// <summary>
    /// A posting's worth of rows waits for room in the posting stage: nothing more is read or costed until there is.
    /// </summary>
    public bool IsBlocked => poster.Buffer.RowCount >= options.RowsMax && !posting.HasRoom;

    /// <summary>Does what there is to do now, without waiting; false when that was nothing.</summary>
    public bool Step()
    {
        var worked = TakeConfirmations() | TakeAnswer();
        worked |= ReadRecords();
        worked |= TakeRechecks();
        worked |= assembler.Advance(options.RowsMax) && !IsBlocked;
        worked |= AskStore();
        worked |= FlushWhenDue();
        SetAsideWhenDue();
        TrimWhenDue();
        return worked;
    }

    private bool IsDrained => metrics.PostingTrouble.Length > 0 || (onTheWay.All == onTheWay.Confirmed && feed.IsAtEnd);

    private bool ReadRecords()
    {
        var read = 0;
        while (read < RecordsPerTurn && poster.Buffer.RowCount < options.RowsMax && assembler.HasRoom
            && feed.TryRead(out var batch, out var position))
        {
            using (batch)
            {
                var replayed = position <= ReplayEnd;
                assembler.Accept(batch, position.Sequence, replayed);
                if (replayed) metrics.SpansReplayed(batch.SpanCount);
            }
            read++;
        }
        return read > 0;
    }

    // A trace that was evicted a moment ago may still be on its way to the store: its look-up waits until everything gathered
    // before it was asked for is confirmed. So does a question that many traces may answer.
    private bool AskStore()
    {
        if (loading is not null || !lookupPause.IsOver) return false;
        if (questions.Count == 0)
        {
            assembler.Ask(questions, options.LookupTracesMax);
            if (questions.Count == 0) return false;
            var mustWait = questions.Topics.Count + questions.Links.Count > 0 || assembler.HasForgottenAskers
                || onTheWay.HoldAny(questions.Traces);
            askAfter = mustWait ? onTheWay.All : 0;
        }
        if (onTheWay.Confirmed < askAfter) return false;
        loading = loader.LoadAsync(questions);
        questions = new StoreQuestions();
        // The next turn takes an answer that is already here.
        if (!loading.IsCompleted) loading.ContinueWith(_ => wake.Writer.TryWrite(true), TaskScheduler.Default);
        return loading.IsCompleted;
    }

    private bool TakeAnswer()
    {
        if (loading is not { IsCompleted: true } done) return false;
        loading = null;
        var answer = done.GetAwaiter().GetResult();
        if (answer.Answered) lookupPause.Succeeded();
        else lookupPause.Failed();
        answer = TakeBack(answer);
        assembler.Answer(answer);
        foreach (var id in answer.Unreadable.Keys) Rechecks.NoFacts(id);
        foreach (var facts in answer.Traces.Values.SelectMany(trace => trace.Facts)) facts.Dispose();
        foreach (var batch in answer.TakenBack.Values.SelectMany(taken => taken.Batches)) batch.Dispose();
        return true;
    }

    // What was set aside of a trace belongs to it again once the store can be read about it.
    private LoadAnswer TakeBack(LoadAnswer answer)
    {
        if (!answer.Answered) return answer;
        var takenBack = new Dictionary<TraceId, TakenBack>();
        var unreadable = new Dictionary<TraceId, string>(answer.Unreadable);
        foreach (var id in answer.Asked.Traces)
        {
            try
            {
                if (!unreadable.ContainsKey(id) && setAside.TakeBack(id) is { } taken) takenBack[id] = taken;
            }
            catch (InvalidDataException fault)
            {
                unreadable[id] = fault.Message;
            }
            catch (JournalException fault)
            {
                PipelineLog.NotSetAside(logger, id.ToString(), fault.Message);
                lookupPause.Failed();
                return LoadAnswer.None(answer.Asked);
            }
        }
        return answer with { Unreadable = unreadable, TakenBack = takenBack };
    }

    // A trace that cannot be read and goes on growing is written once in a while and not with every span.
    private void SetAsideWhenDue()
    {
        if (clock.GetElapsedTime(setAsideAt) < TrimInterval) return;
        setAsideAt = clock.GetTimestamp();
        assembler.Aside.SetAside((id, arrived, why) => setAside.TryKeep(id, arrived, why, poster.Builder), poster.Builder);
    }

    private bool TakeRechecks()
    {
        foreach (var recheck in Rechecks.TakeNext() ?? [])
        {
            recheck.IsBrought = setAside.TryBring(recheck.TraceId, recheck.Brought, poster.Builder);
            if (recheck.IsBrought) assembler.Recheck(recheck);
            else recheck.Outcome = RecheckOutcome.NotKept;
        }
        return Rechecks.TryComplete(onTheWay.All, onTheWay.Confirmed);
    }

    private bool TakeConfirmations()
    {
        var confirmed = false;
        while (posting.TryTakeConfirmed(out var refused))
        {
            Confirmed(onTheWay.ConfirmedNext());
            foreach (var trace in refused)
            {
                assembler.Forget(trace);
                // The same bound as of a look-up: what is handed over after it was costed against the true state.
                posting.Forgotten(trace, onTheWay.All);
            }
            confirmed = true;
        }
        return confirmed;
    }

    private void Confirmed(PostingHold hold)
    {
        foreach (var (trace, edition) in hold.TakenBack) setAside.Drop(trace, edition);
    }

    private bool FlushWhenDue()
    {
        if (poster.Buffer.RowCount == 0)
        {
            // Nothing left to confirm: what was held is in the store.
            if (onTheWay.Count == 0 && poster.Buffer.Hold.IsAnything) Confirmed(poster.TakeBuffer().Hold);
            bufferSince = clock.GetTimestamp();
            return false;
        }
        var isDue = draining || poster.Buffer.RowCount >= options.RowsMax
            || clock.GetElapsedTime(bufferSince) >= options.FlushInterval;
        if (!isDue) return false;
        // Only this stage fills the queue, so room that is seen stays.
        if (!posting.HasRoom) return false;

        var buffer = poster.TakeBuffer();
        onTheWay.HandedOver(buffer);
        if (!posting.TryEnqueue(buffer)) throw new InvalidOperationException("a posting found no room");
        bufferSince = clock.GetTimestamp();
        return true;
    }

    private void TrimWhenDue()
    {
        if (clock.GetElapsedTime(trimmedAt) < TrimInterval) return;
        trimmedAt = clock.GetTimestamp();
        if (journal.Statistics().HeldBytes > journalBytesMax / 2)
        {
            if (!IsBlocked)
            {
                assembler.SpillCostless(options.RowsMax);
                assembler.SettleRestless(options.RowsMax);
            }
        }
        var low = Math.Min(Math.Min(feed.Next, assembler.HeldFrom), onTheWay.HeldFrom);
        try
        {
            if (low > journal.LowWaterMark.Sequence) journal.TrimTo(new JournalPosition(low));
            trimTrouble.Over();
        }
        catch (JournalException fault)
        {
            if (trimTrouble.IsNews(fault.Message)) PipelineLog.TrimFailed(logger, fault.Message);
        }
    }
}
