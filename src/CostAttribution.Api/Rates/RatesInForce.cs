using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Rates;

/// <summary>The prices this process costs with; both may be others at the next call.</summary>
/// <param name="Book">The book that new calls are priced by.</param>
/// <param name="Catalogue">All versions of what that book was made of; null when only the book is at hand.</param>
public sealed record RatesInForce(Func<RateBook> Book, Func<RateCatalogue?> Catalogue);
