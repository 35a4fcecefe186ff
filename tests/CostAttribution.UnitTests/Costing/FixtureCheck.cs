using System.Globalization;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>What came out for one span, from costing itself or from what the store was told.</summary>
internal sealed record SpanResult(Ownership Ownership, SpanId SupersededBy, string Dialect, string Role, SpanFlags Flags,
    string Customer, string Excess, LedgerEntry? Row)
{
    public static SpanResult Of(SpanOutcome span, LedgerEntry? row) => new(span.Ownership, span.SupersededBy, span.Dialect,
        span.Role.ToString(), span.Flags, span.CustomerId, $"{span.Excess.InputTokens}/{span.Excess.OutputTokens}", row);

    public static SpanResult Of(SpanFactsRow span, LedgerEntry? row)
    {
        long Excess(string unit) => span.Excess.FirstOrDefault(excess => excess.Unit == unit).Quantity;
        return new(span.Ownership, span.SupersededBy, span.Dialect, span.Role.Replace("_", "", StringComparison.Ordinal),
            span.Flags, span.Customer, $"{Excess(UsageUnits.InputTokens)}/{Excess(UsageUnits.OutputTokens)}", row);
    }
}

/// <summary>Holds a result against the expectations of a fixture.</summary>
internal sealed class FixtureCheck(TraceFixture fixture, IReadOnlyDictionary<SpanId, SpanResult> results, Func<string> dump)
{
    private static readonly string[] Kinds = ["unc", "cr", "cw", "cw1", "out", "reason"];

    public void All()
    {
        foreach (var expected in fixture.Expected) Check(expected);
        var rows = fixture.Expected.Count(span => span.Ownership is "owner" or "fallback");
        Same("rows", $"{rows}", $"{results.Values.Count(result => result.Row is not null)}");
    }

    private void Check(ExpectedSpan expected)
    {
        Assert.True(results.TryGetValue(SpanPlan.IdOf(expected.Id), out var result), $"{fixture.Title}: nothing of {expected.Id}");
        var ownership = result.Ownership switch
        {
            Ownership.AggregateFallback => "fallback",
            var other => other.ToString().ToLowerInvariant(),
        };
        Same(expected.Id, $"{expected.Ownership}{(expected.Of.Length == 0 ? "" : " of " + expected.Of)}",
            $"{ownership}{(result.SupersededBy.IsZero ? "" : " of " + NameOf(result.SupersededBy))}");
        Same(expected.Id + " row", $"{expected.Ownership is "owner" or "fallback"}", $"{result.Row is not null}");
        if (result.Row is not null) CheckUsage(result.Row, expected);
        foreach (var (name, value) in expected.Values) CheckValue(expected.Id, name, value, result);
    }

    private void CheckUsage(LedgerEntry row, ExpectedSpan expected)
    {
        foreach (var kind in Kinds) Same($"{expected.Id} {kind}", expected.Values.GetValueOrDefault(kind, "0"), Value(row, kind));
        Same($"{expected.Id} units", expected.Values.GetValueOrDefault("units", ""), Value(row, "units"));
    }

    private void CheckValue(string id, string name, string value, SpanResult result)
    {
        var flags = SpanFlagNames.ToNames(result.Flags | (result.Row?.Flags ?? 0));
        switch (name)
        {
            case "flags":
                foreach (var flag in value.Split(',')) Assert.True(flags.Contains(flag), $"{fixture.Title}: {id} lacks {flag}\n{dump()}");
                return;
            case "noflags":
                foreach (var flag in value.Split(',')) Assert.False(flags.Contains(flag), $"{fixture.Title}: {id} has {flag}\n{dump()}");
                return;
        }
        var actual = name switch
        {
            "excess" => result.Excess,
            "dialect" => result.Dialect,
            "role" => result.Role,
            "customer" => result.Row?.CustomerId ?? result.Customer,
            // Facts do not tell how a span without a row came by its customer.
            "evidence" when result.Row is null => value,
            _ => Value(result.Row!, name),
        };
        Same($"{id} {name}", name is "role" ? actual : Canonical(name, value), actual);
    }

    /// <summary>What a ledger row says, by the name that fixtures use.</summary>
    public static string Value(LedgerEntry row, string name) => name switch
    {
        "unc" => Text(row.Usage.InputTokens),
        "cr" => Text(row.Usage.CacheReadTokens),
        "cw" => Text(row.Usage.CacheWriteTokens),
        "cw1" => Text(row.Usage.CacheWrite1hTokens),
        "out" => Text(row.Usage.OutputTokens),
        "reason" => Text(row.Usage.ReasoningTokens),
        "units" => string.Join(',', (row.Usage.OtherUnits ?? []).Select(unit => $"{unit.Unit}:{unit.Quantity}")),
        "total" => Text(row.Usage.InputTotal),
        "evidence" => row.CustomerEvidence.ToString(),
        "customer" => row.CustomerId,
        "feature" => row.FeatureId,
        "team" => row.Team,
        "session" => row.SessionId,
        "user" => row.UserId,
        "plan" => row.Plan,
        "workflow" => row.Workflow,
        "agent" => row.Agent,
        "step" => row.Step,
        "provider" => row.Provider,
        "model" => row.Model,
        "region" => row.Region,
        "tier" => row.ServiceTier,
        "op" => row.Operation,
        "calls" => $"{row.Calls}/{row.FailedCalls}",
        "attempt" => Text(row.Attempt),
        "status" => row.CallStatus.ToString(),
        "price" => row.Cost.Status.ToString(),
        "cost" => row.Cost.Cost.ToString(),
        "list" => row.Cost.ListCost.ToString(),
        "retry" => row.RetryCost.ToString(),
        "reported" => row.ProviderReportedCost?.ToString() ?? "",
        "posted" => row.Reason.ToString(),
        "flags" => string.Join(',', SpanFlagNames.ToNames(row.Flags)),
        _ => throw new InvalidDataException($"fixture asks for unknown value {name}"),
    };

    /// <summary>Money is written without trailing zeros in fixtures.</summary>
    public static string Canonical(string name, string value) => name is "cost" or "list" or "retry" or "reported" && value.Length > 0
        ? decimal.Parse(value, CultureInfo.InvariantCulture).ToString("0.000000000000", CultureInfo.InvariantCulture) : value;

    private void Same(string what, string wanted, string actual) =>
        Assert.True(wanted == actual, $"{fixture.Title}: {what}: wanted '{wanted}', got '{actual}'\n{dump()}");

    private string NameOf(SpanId id) => fixture.Spans.Single(span => span.SpanId == id).Id;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
