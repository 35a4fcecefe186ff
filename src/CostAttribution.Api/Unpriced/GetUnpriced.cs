using System.Globalization;
using CostAttribution.Api.Rates;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Unpriced;

/// <summary>One slice: what was used without a price, what it costs at most, and the cards that would price it.</summary>
public static class GetUnpriced
{
    internal static readonly ParameterTable Parameters = new(
    [
        TimeRange.FromParameter,
        TimeRange.ToParameter,
        new Parameter("limit", ParameterKind.Count, "Rows answered at most, the most money at risk first.")
        {
            Example = "100",
            Default = ApiLimits.CostRowsDefault.ToString(CultureInfo.InvariantCulture),
            Max = ApiLimits.CostRowsMax,
        },
        .. UnpricedSql.Filters.Keys.Select(name => new Parameter(name, ParameterKind.Text,
            $"Only usage of this {name}; repeat it for several.")
        {
            Example = name switch { "provider" => "openai", "model" => "gpt-5", "seller" => "openrouter", _ => "acme" },
            Repeatable = true,
            MayBeEmpty = true,
        }),
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Usage without a price.</summary>
    public sealed record Answer
    {
        /// <summary>Start of the range, included, UTC.</summary>
        public required DateTimeOffset From { get; init; }

        /// <summary>End of the range, not included, UTC.</summary>
        public required DateTimeOffset To { get; init; }

        /// <summary>By money at risk, most first; rows without a bound last.</summary>
        public required IReadOnlyList<UnpricedRow> Rows { get; init; }

        /// <summary>True when there was more than the limits allow: then quantities and bounds are of a part only.</summary>
        public required bool Truncated { get; init; }

        /// <summary>Calls without a price or with a part of one, each counted once.</summary>
        public required long Calls { get; init; }

        /// <summary>USD that the rows with a bound cost at most, also those that the limit cut off.</summary>
        public required Money AtRiskCost { get; init; }

        /// <summary>Rows of which nothing can be said: no card anywhere prices their unit.</summary>
        public required long RowsWithoutBound { get; init; }

        /// <summary>Cards for the models that have none, but for their prices.</summary>
        public required IReadOnlyList<UnpricedCard> Cards { get; init; }

        /// <summary>
        /// All of cards as one file for RateCards:Directory; empty when there are none. It is refused until every PRICE is
        /// filled in.
        /// </summary>
        public required string CardFile { get; init; }

        /// <summary>The rate book that the reasons were taken from.</summary>
        public required string RateBookVersion { get; init; }

        /// <summary>When the store was asked.</summary>
        public required DateTimeOffset AsOf { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).IsARange(clock);
        }
    }

    internal sealed class Handler(StoreReader store, RatesInForce rates, CeilingCache cache, TimeProvider clock)
        : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var asOf = clock.GetUtcNow();
            var range = TimeRange.Read(request.Values, asOf, TimeZoneInfo.Utc);
            var limit = request.Values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture)
                : ApiLimits.CostRowsDefault;
            var total = await store.ReadAsync(UnpricedSql.Total(range, request.Values), cancellationToken);
            var usage = await store.ReadAsync(UnpricedSql.Usage(range, request.Values, ApiLimits.UnpricedPartsMax),
                cancellationToken);
            var ceilings = cache.Of(rates.Book());
            var report = new UnpricedReport(ceilings);
            foreach (var row in usage.Take(ApiLimits.UnpricedPartsMax)) report.Add(UnpricedUsage.Read(row));
            var rows = report.Rows;
            return new Answer
            {
                From = range.From,
                To = range.To,
                Rows = [.. rows.Take(limit)],
                Truncated = rows.Count > limit || usage.Count > ApiLimits.UnpricedPartsMax,
                Calls = total.Count == 0 ? 0 : total[0].Count("calls_sum"),
                AtRiskCost = Sum(rows),
                RowsWithoutBound = rows.Count(row => row.AtRiskCost is null),
                Cards = report.Cards,
                CardFile = report.CardFile,
                RateBookVersion = ceilings.Book.Version.ToString(CultureInfo.InvariantCulture),
                AsOf = asOf,
            };
        }

        // What does not fit stays at the largest sum there is.
        private static Money Sum(IEnumerable<UnpricedRow> rows) => rows.Aggregate(Money.Zero, (sum, row) =>
            row.AtRiskCost is { } risk && sum.PicoUsd <= Money.PicoUsdMax - risk.PicoUsd ? sum + risk
                : row.AtRiskCost is null ? sum : new Money(Money.PicoUsdMax));
    }

    /// <summary>The ceilings of the book that was asked about last; drawing them up reads every card.</summary>
    internal sealed class CeilingCache
    {
        private volatile PriceCeilings? last;

        public PriceCeilings Of(RateBook book)
        {
            if (last is { } there && ReferenceEquals(there.Book, book)) return there;
            return last = new PriceCeilings(book);
        }
    }
}
