using System.Diagnostics.CodeAnalysis;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards;

/// <summary>A book, or every fault that stands in its way.</summary>
public sealed record RateCardLoadResult(RateBook? Book, IReadOnlyList<RateCardFault> Faults)
{
    /// <summary>All versions of everything, for questions about the past; null with faults or when the past was loaded.</summary>
    public RateCatalogue? Catalogue { get; init; }

    [MemberNotNullWhen(true, nameof(Book))]
    public bool IsSound => Book is not null;

    /// <summary>The faults, one a line, as an operator should see them.</summary>
    public string FaultText => string.Join('\n', Faults);
}
