using CostAttribution.Workload.Product;

namespace CostAttribution.Workload.Runs;

/// <summary>What a provider bills for one call, in kinds that do not overlap.</summary>
/// <param name="Input">Neither read from nor written to the cache.</param>
/// <param name="Output">Without reasoning.</param>
internal readonly record struct CallUsage(
    long Input, long CacheRead = 0, long CacheWrite5m = 0, long CacheWrite1h = 0, long Output = 0, long Reasoning = 0)
{
    public long CacheWrite => CacheWrite5m + CacheWrite1h;
    public long InputTotal => Input + CacheRead + CacheWrite;
    public long OutputTotal => Output + Reasoning;

    public static CallUsage operator +(CallUsage a, CallUsage b) => new(a.Input + b.Input, a.CacheRead + b.CacheRead,
        a.CacheWrite5m + b.CacheWrite5m, a.CacheWrite1h + b.CacheWrite1h, a.Output + b.Output, a.Reasoning + b.Reasoning);
}

internal enum CallOutcome
{
    /// <summary>Answered, usage reported.</summary>
    Answered,

    /// <summary>Answered and billed, but the caller could not use the answer: the span is an error with usage.</summary>
    Unusable,

    /// <summary>Answered, but no span carries the usage (a stream without it, a reranker).</summary>
    NoUsage,

    /// <summary>Refused by the provider; nothing was used.</summary>
    Rejected,
}

internal enum CallKind
{
    Chat,
    Embedding,
    Rerank,
}

/// <summary>One attempt at one provider call.</summary>
/// <param name="ResponseId">Unique; empty when the call was rejected.</param>
/// <param name="Turn">Which message of the conversation it is, from 0: sizes the prompt that is put on the span.</param>
internal sealed record ProviderCall(CallKind Kind, ModelProfile Model, CallUsage Usage, CallOutcome Outcome, bool Stream,
    string ResponseId, int Turn)
{
    public bool HasUsage => Outcome is CallOutcome.Answered or CallOutcome.Unusable;
    public bool Failed => Outcome is CallOutcome.Rejected or CallOutcome.Unusable;

    /// <summary>The model a ledger row is expected to name.</summary>
    public string LedgerModel => Outcome == CallOutcome.Rejected ? Model.RequestName : Model.ResponseName;
}
