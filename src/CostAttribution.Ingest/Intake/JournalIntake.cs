using CostAttribution.Domain.Tracing;
using CostAttribution.Journal;

namespace CostAttribution.Ingest.Intake;

/// <summary>Takes batches into the journal: a sender is told OK only after the sync that covers its spans.</summary>
public sealed class JournalIntake(JournalAppender appender, TimeProvider clock) : TraceIntake
{
    private static readonly TimeSpan StartingDelay = TimeSpan.FromSeconds(1);

    private volatile bool open;
    private volatile string refusal = "";
    private long spansJournaled;
    private long lastAcceptedMillis;

    public override bool IsServing => open && appender.Refusal is not (JournalRefusal.Failed or JournalRefusal.Stopped);

    /// <summary>Spans that are durable in the journal since the start.</summary>
    public long SpansJournaled => Interlocked.Read(ref spansJournaled);

    /// <summary>Why the last batch was not taken; empty once one is taken again.</summary>
    public string Refusal => refusal;

    /// <summary>Recovery is over: senders may come.</summary>
    public void Open() => open = true;

    /// <summary>No more batches are taken; those under way are finished.</summary>
    public void Close() => open = false;

    public override async ValueTask<IntakeOutcome> AcceptAsync(SpanBatch batch, int requestBytes, CancellationToken cancel)
    {
        using (batch)
        {
            if (!open) return IntakeOutcome.Unavailable("the server is starting or stopping", StartingDelay);
            var spans = batch.SpanCount;
            try
            {
                await appender.AppendAsync(batch.Encoded, cancel).ConfigureAwait(false);
                Interlocked.Add(ref spansJournaled, spans);
                Interlocked.Exchange(ref lastAcceptedMillis, clock.GetUtcNow().ToUnixTimeMilliseconds());
                refusal = "";
                return IntakeOutcome.Accepted;
            }
            catch (JournalFullException full)
            {
                refusal = full.Message;
                return IntakeOutcome.PushedBack(full.RetryAfter);
            }
            catch (JournalFailedException failed)
            {
                refusal = failed.Message;
                return IntakeOutcome.Unavailable("the journal cannot be written", failed.RetryAfter);
            }
        }
    }
}
