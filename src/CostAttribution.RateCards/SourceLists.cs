using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards;

/// <summary>What was read from the files so far.</summary>
internal sealed class SourceLists
{
    public List<RateCard> Cards { get; } = [];
    public List<FxRate> FxRates { get; } = [];
    public List<CardWithdrawal> Withdrawals { get; } = [];
    public List<DeclaredUnit> Units { get; } = [];
    public List<PeriodTerm> Terms { get; } = [];
    public List<CostRule> CostRules { get; } = [];
    public List<ReportedCostRule> ReportedCosts { get; } = [];

    public RateSources ToSources() => new()
    {
        Cards = Cards, FxRates = FxRates, Withdrawals = Withdrawals, Units = Units, Terms = Terms, CostRules = CostRules,
        ReportedCosts = ReportedCosts,
    };
}
