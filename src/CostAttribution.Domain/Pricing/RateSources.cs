namespace CostAttribution.Domain.Pricing;

/// <summary>Everything that was ever written down about prices, in any order, several versions of one card included.</summary>
public sealed record RateSources
{
    public IReadOnlyList<RateCard> Cards { get; init; } = [];
    public IReadOnlyList<FxRate> FxRates { get; init; } = [];
    public IReadOnlyList<CardWithdrawal> Withdrawals { get; init; } = [];
    public IReadOnlyList<DeclaredUnit> Units { get; init; } = [];
    public IReadOnlyList<PeriodTerm> Terms { get; init; } = [];
    public IReadOnlyList<CostRule> CostRules { get; init; } = [];
    public IReadOnlyList<ReportedCostRule> ReportedCosts { get; init; } = [];
}
