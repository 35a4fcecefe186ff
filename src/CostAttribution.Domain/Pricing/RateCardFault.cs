using System.Globalization;

namespace CostAttribution.Domain.Pricing;

/// <summary>Why a rate card file is refused.</summary>
public enum RateCardFaultKind : byte
{
    Unreadable = 0,
    UnknownField = 1,
    MissingField = 2,
    BadValue = 3,
    BadDecimal = 4,
    NegativePrice = 5,
    UnknownUnit = 6,
    UnknownCurrency = 7,
    DateRangeReversed = 8,
    DuplicateId = 9,
    Contradiction = 10,
    LimitPassed = 11,
}

/// <summary>One fault in a rate card file: one line for an operator.</summary>
/// <param name="Line">From 1; 0 when the fault is about the file as a whole.</param>
public sealed record RateCardFault(string File, int Line, RateCardFaultKind Kind, string Reason)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {Reason}");
}
