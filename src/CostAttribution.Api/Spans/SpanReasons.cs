using System.Globalization;

namespace CostAttribution.Api.Spans;

/// <summary>
/// The sentences of an explanation. Every case has a code of its own; unknown names from newer programs say so.
/// </summary>
internal static class SpanReasons
{
    public static IEnumerable<Reason> Of(SpanFacts? facts, IReadOnlyList<LedgerRow> standing, IReadOnlyDictionary<string,
        SpanLink> sources)
    {
        var usage = standing.FirstOrDefault(row => row.CostItem.Length == 0) ?? (standing.Count > 0 ? standing[0] : null);
        yield return Ownership(facts, usage);
        if (facts is { Settled: false })
        {
            yield return new Reason("trace", "open",
                "The trace has not settled: spans that arrive later may still change this result; every change will show as "
                + "new rows.");
        }
        yield return Usage(facts, usage);
        if (usage is null) yield break;

        yield return Attributed("customer", usage.Attribution.Customer, usage.Attribution.CustomerEvidence, sources);
        yield return Attributed("feature", usage.Attribution.Feature, usage.Attribution.FeatureEvidence, sources);
        foreach (var row in standing)
        {
            yield return Price(row);
            if (row.ProviderReportedCost is { } reported) yield return ProviderCost(row, reported);
            if (!row.RetryCost.IsZero)
            {
                yield return new Reason("retry", "failed_attempt",
                    $"The attempt did not succeed; {row.RetryCost} USD of its cost count as retry cost.");
            }
        }
    }

    /// <summary>Why a row is in the ledger.</summary>
    public static string WhyOf(LedgerRow row)
    {
        var cause = CauseOf(row.Reason);
        return row.EntryKind switch
        {
            "reversal" => $"Takes back row {row.Corrects}, because {cause}.",
            "adjustment" => row.Corrects.Length > 0 ? $"Adjusts row {row.Corrects}, because {cause}."
                : $"An adjustment, because {cause}.",
            "allocation" => $"A share of a shared cost, posted because {cause}.",
            _ => row.Reason == "first" ? "The first posting of this cost."
                : $"Takes the place of what was taken back, because {cause}.",
        };
    }

    private static string CauseOf(string reason) => reason switch
    {
        "first" => "the span was costed for the first time",
        "late_span" => "a span of the trace arrived late",
        "late_parent" => "a span above it arrived late",
        "duplicate" => "the same call was found reported twice",
        "reprice" => "a newer rate book was applied to the past",
        "reattribute" => "newer attribution rules were applied to the past",
        "audit" => "an audit of the ledger found it wrong",
        "settlement" => "the period of the term was settled anew",
        "true_up" => "the provider's bill came to another amount",
        "context" => "something outside the trace that decides about it changed",
        _ => $"of '{reason}'",
    };

    private static Reason Ownership(SpanFacts? facts, LedgerRow? row)
    {
        var ownership = facts?.Ownership ?? row?.Ownership ?? "none";
        if (facts is { SupersededBy.Length: > 0 })
        {
            return new Reason("ownership", ownership,
                $"The same call is billed on span {facts.SupersededBy}, which reports it in more detail; billing it here too "
                + $"would count it twice.")
            {
                Span = SpanLink.To(facts.TraceId, facts.SupersededBy),
            };
        }
        return new Reason("ownership", ownership, ownership switch
        {
            "owner" =>
                "This span owns the call: of all spans that report it, this one does so in most detail, so its usage is billed.",
            "aggregate_fallback" =>
                "This span sums up work below it. Usage that no single call below accounts for is billed here, so that it is "
                + "not lost.",
            "duplicate" => "The same call is billed on another span; billing it here too would count it twice.",
            "aggregate" => "This span sums up calls below it that are billed one by one; billing it too would count them twice.",
            _ => "This span stands for no provider call and reports no usage to be billed.",
        });
    }

    private static Reason Usage(SpanFacts? facts, LedgerRow? row)
    {
        var dialect = facts is { Dialect.Length: > 0 } ? $"Its attributes follow the dialect '{facts.Dialect}'. " : "";
        if (row is null) return new Reason("usage", "not_billed", dialect + "No usage of this span is billed.");
        if (row.Usage.IsZero) return new Reason("usage", "none", dialect + "It reported no usage.");
        string[] kinds =
        [
            .. Kind(row.Usage.InputTokens, "input tokens"),
            .. Kind(row.Usage.CacheReadTokens, "tokens read from a cache"),
            .. Kind(row.Usage.CacheWriteTokens, "tokens written to a cache"),
            .. Kind(row.Usage.CacheWrite1hTokens, "tokens written to a cache for an hour"),
            .. Kind(row.Usage.OutputTokens, "output tokens"),
            .. Kind(row.Usage.ReasoningTokens, "reasoning tokens"),
            .. row.Usage.OtherUnits.SelectMany(unit => Kind(unit.Value, unit.Key.Replace('_', ' '))),
        ];
        return new Reason("usage", "reported",
            $"{dialect}Brought to kinds that do not overlap, it used {string.Join(", ", kinds)}.");
    }

    private static IEnumerable<string> Kind(long quantity, string name) =>
        quantity == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"{quantity} {name}")];

    private static Reason Attributed(string dimension, string value, string evidence, IReadOnlyDictionary<string,
        SpanLink> sources)
    {
        if (value.Length == 0)
        {
            return new Reason(dimension, "unattributed",
                $"No {dimension} was found on the span, above it, behind its links, in its run, on its resource, in its "
                + $"session or by a rule.");
        }
        var source = sources.GetValueOrDefault(dimension);
        var found = evidence switch
        {
            "own" => "stands on the span itself",
            "ancestor" => source is null ? "comes from the nearest span above that carries one"
                : $"comes from above: span {source.SpanId} is the topmost of the unbroken line of spans above that carry it",
            "link" => "comes from a span this one links to",
            "run" => "is the only one found anywhere in the run",
            "resource" => "stands on the resource that sent the span",
            "session" => "was seen with the same session in another trace",
            "rule" => "was given by a rule of the configuration",
            "none" => "has no evidence recorded",
            _ => $"was found by '{evidence}'",
        };
        return new Reason(dimension, evidence, $"The {dimension} '{value}' {found}.") { Span = source };
    }

    private static Reason Price(LedgerRow row)
    {
        var of = row.CostItem.Length == 0 ? "The usage" : $"The item '{row.CostItem}'";
        var call = row.Model.Length == 0 ? "a call without a model"
            : $"model '{row.Model}'{(row.Provider.Length == 0 ? "" : $" of {row.Provider}")}";
        return new Reason("price", row.PriceStatus, row.PriceStatus switch
        {
            "priced" =>
                string.Create(CultureInfo.InvariantCulture,
                $"{of} was priced with rate '{row.RateId}' of rate book version {row.RateBookVersion}: {row.Cost} USD, at list "
                + $"price {row.ListCost} USD."),
            "free" => $"Rate '{row.RateId}' says that this usage costs nothing.",
            "unpriced_model" => $"No rate fits {call} at that time: its cost is unknown, not zero. Add a rate card and reprice.",
            "unpriced_unit" =>
                $"Rate '{row.RateId}' has no price for "
                + $"{(row.UnpricedUnit.Length == 0 ? "at least one unit that was used" : $"'{row.UnpricedUnit}'")}: {row.Cost} "
                + $"USD is a lower bound. Complete the rate card and reprice.",
            "no_usage" => "The call reported no usage, so there is nothing to price.",
            "provider_reported" =>
                $"By the policy for this provider, the cost it reported was taken: {row.Cost} USD; at list price it would be "
                + $"{row.ListCost} USD.",
            _ => $"The price status is '{row.PriceStatus}'.",
        });
    }

    private static Reason ProviderCost(LedgerRow row, Domain.Pricing.Money reported) => new("provider_cost",
        row.PriceStatus == "provider_reported" ? "taken" : "kept_beside",
        row.PriceStatus == "provider_reported"
            ? $"The provider or gateway reported {reported} USD, which is the cost here."
            : $"The provider or gateway reported {reported} USD, which is kept beside our own result for comparison.");
}
