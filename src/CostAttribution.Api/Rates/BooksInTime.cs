using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Rates;

/// <summary>The book as it was known at an instant, and the parameters that ask for one.</summary>
internal static class BooksInTime
{
    public static readonly Parameter At = new("at", ParameterKind.Time,
        "As of this time of a call: ISO 8601 with an offset, or a date.") { Example = "2026-03-01", Default = "now" };

    public static readonly Parameter KnownAt = new("knownAt", ParameterKind.Time,
        "By what was known then: ISO 8601 with an offset, or a date.") { Example = "2026-06-01", Default = "everything known" };

    public static DateTimeOffset? Time(RequestValues values, string name) =>
        values.One(name) is { } text && TimeText.TryParse(text, TimeZoneInfo.Utc, out var time) ? time : null;

    public static long Nanos(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Null, with the fault, when there was no sound book or the past is not at hand.</summary>
    public static RateBook? Book(RatesInForce rates, RequestValues values, out Fault? fault)
    {
        fault = null;
        if (Time(values, "knownAt") is not { } knownAt) return rates.Book();
        if (rates.Catalogue() is not { } catalogue)
        {
            fault = new Fault("knownAt", "cannot be answered: only the book in force is at hand");
            return null;
        }
        var faults = new List<RateCardFault>();
        if (catalogue.TryBookAt(Nanos(knownAt), faults, out var book)) return book;
        fault = new Fault("knownAt", "is a time at which the cards contradicted each other, corrected since: "
            + string.Join("; ", faults.Take(3).Select(found => found.ToString())));
        return null;
    }
}
