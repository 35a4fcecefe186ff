using System.IO.Hashing;
using System.Runtime.InteropServices;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Hashes what facts rows and run segments say, to find those that did not change. Kept in memory only, never stored. One
/// reused state, because a new one is half a kilobyte; not thread-safe.
/// </summary>
internal sealed class FactsHash
{
    private readonly XxHash3 hash = new();

    /// <param name="outcome">What costing decided about a span.</param>
    /// <param name="content">Hash of what the sender said about it, its resource and scope included.</param>
    public ulong Of(SpanOutcome outcome, ulong content)
    {
        var decided = (ulong)outcome.Role << 32 | (ulong)outcome.Ownership << 24 | (ulong)outcome.CustomerEvidence << 8
            | (ulong)outcome.FeatureEvidence;
        Append([content, decided, outcome.SupersededBy.Value, (ulong)outcome.Flags]);
        Append(outcome.Dialect);
        Append(outcome.CustomerId);
        Append(outcome.FeatureId);
        Append(outcome.SaidCustomer);
        Append(outcome.SaidFeature);
        Append(outcome.Reported);
        Append(outcome.Excess);
        return Take();
    }

    public ulong Of(RunSegment segment)
    {
        foreach (var text in (ReadOnlySpan<string>)[segment.RunId, segment.Workflow, segment.Agent, segment.CustomerId,
            segment.FeatureId, segment.Environment, segment.Product, segment.Team, segment.Plan])
            Append(text);
        Append([(ulong)segment.StartedAtMicros, (ulong)segment.EndedAtMicros,
            (ulong)segment.Status << 1 | (segment.MixedCustomers ? 1UL : 0), (ulong)segment.Steps, (ulong)segment.Attempts,
            (ulong)segment.Retries, (ulong)segment.Calls, (ulong)segment.FailedCalls, (ulong)segment.InputTokens,
            (ulong)segment.CacheReadTokens, (ulong)segment.CacheWriteTokens, (ulong)segment.CacheWrite1hTokens,
            (ulong)segment.OutputTokens, (ulong)segment.ReasoningTokens, (ulong)segment.UnpricedCalls,
            (ulong)segment.UsageMissingCalls]);
        Append(segment.Cost);
        Append(segment.ListCost);
        Append(segment.RetryCost);
        return Take();
    }

    private ulong Take()
    {
        var result = hash.GetCurrentHashAsUInt64();
        hash.Reset();
        return result;
    }

    private void Append(in UsageVector usage)
    {
        Append([(ulong)usage.InputTokens, (ulong)usage.CacheReadTokens, (ulong)usage.CacheWriteTokens,
            (ulong)usage.CacheWrite1hTokens, (ulong)usage.OutputTokens, (ulong)usage.ReasoningTokens,
            (ulong)(usage.OtherUnits?.Length ?? 0)]);
        foreach (var (unit, quantity) in usage.OtherUnits ?? [])
        {
            Append(unit);
            Append([(ulong)quantity]);
        }
    }

    private void Append(Money money) =>
        Append([unchecked((ulong)money.PicoUsd), (ulong)(money.PicoUsd >> 64 & ulong.MaxValue)]);

    private void Append(string text)
    {
        Append([(ulong)text.Length]);
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private void Append(ReadOnlySpan<ulong> values) => hash.Append(MemoryMarshal.AsBytes(values));
}
