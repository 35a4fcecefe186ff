using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Intake;

/// <summary>What became of a batch that was handed in.</summary>
public enum IntakeOutcomeKind : byte
{
    /// <summary>Durable; the sender may forget it.</summary>
    Accepted = 0,

    /// <summary>No room at the moment; the sender should come back.</summary>
    PushedBack = 1,

    /// <summary>Shutting down, or the journal or its disk fails; the sender should come back.</summary>
    Unavailable = 2,
}

/// <summary>The answer of <see cref="TraceIntake"/>.</summary>
/// <param name="Reason">For the sender, lowercase, without full stop; empty when accepted.</param>
/// <param name="RetryAfter">How long the sender should wait; zero leaves it to the sender.</param>
public readonly record struct IntakeOutcome(IntakeOutcomeKind Kind, string Reason, TimeSpan RetryAfter)
{
    public static IntakeOutcome Accepted { get; } = new(IntakeOutcomeKind.Accepted, "", TimeSpan.Zero);
    public static IntakeOutcome PushedBack(TimeSpan retryAfter) =>
        new(IntakeOutcomeKind.PushedBack, "the journal is full, try again later", retryAfter);
    public static IntakeOutcome Unavailable(string reason, TimeSpan retryAfter) =>
        new(IntakeOutcomeKind.Unavailable, reason, retryAfter);
}

/// <summary>Where decoded batches go, whatever transport they came by: append durably, then answer. Thread-safe.</summary>
public abstract class TraceIntake
{
    /// <summary>
    /// Whether batches are taken at all: false before recovery is over and once stopping. Asked before a body is read.
    /// </summary>
    public abstract bool IsServing { get; }

    /// <summary>
    /// Takes over <paramref name="batch"/> and disposes it whatever the outcome. Returns <see cref="IntakeOutcomeKind.Accepted"/>
    /// only after a sync. A cancelled call may have been taken: senders repeat it, and repeated spans count once.
    /// </summary>
    /// <param name="requestBytes">Bytes of the decompressed request, for accounting.</param>
    public abstract ValueTask<IntakeOutcome> AcceptAsync(SpanBatch batch, int requestBytes, CancellationToken cancel);
}
