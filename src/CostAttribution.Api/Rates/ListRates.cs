using System.Globalization;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Rates;

/// <summary>One slice: the rate cards in force at a time, by what was known at another.</summary>
public static class ListRates
{
    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("provider", ParameterKind.Text, "Only cards of this provider.") { Example = "openai" },
        new Parameter("seller", ParameterKind.Text, "Only cards for this seller; empty = for providers themselves.")
            { Example = "openrouter", MayBeEmpty = true },
        new Parameter("model", ParameterKind.Text, "Only cards whose rules match this model.") { Example = "gpt-5" },
        BooksInTime.At with { Default = "any time" },
        BooksInTime.KnownAt,
        new Parameter("limit", ParameterKind.Count, "Cards answered at most, by id.")
        {
            Example = "100",
            Default = ApiLimits.CostRowsDefault.ToString(CultureInfo.InvariantCulture),
            Max = ApiLimits.CostRowsMax,
        },
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Rate cards of one book.</summary>
    public sealed record Answer
    {
        /// <summary>Version of the book.</summary>
        public required string RateBookVersion { get; init; }

        /// <summary>Cards by id.</summary>
        public required IReadOnlyList<RateCardAnswer> Cards { get; init; }

        /// <summary>Cards there are in all.</summary>
        public required int Count { get; init; }

        /// <summary>True when the limit cut some off.</summary>
        public required bool Truncated { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(RatesInForce rates)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).AsksOfASoundBook(rates, Parameters);
        }
    }

    internal sealed class Handler(RatesInForce rates) : IRequestHandler<Query, Answer>
    {
        public Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var values = request.Values;
            var book = BooksInTime.Book(rates, values, out _) ?? RateBook.Empty;
            var limit = values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture)
                : ApiLimits.CostRowsDefault;
            var (provider, seller) = (values.One("provider")?.ToLowerInvariant(), values.One("seller")?.ToLowerInvariant());
            var model = values.One("model")?.ToLowerInvariant();
            long? at = BooksInTime.Time(values, "at") is { } time ? BooksInTime.Nanos(time) : null;
            var found = book.Cards.Where(card => (provider is null || card.Providers.Contains(provider))
                && (seller is null || card.Seller == seller) && (at is null || (card.FromNanos <= at && at < card.ToNanos))
                && (model is null || Matches(card, model))).ToArray();
            return Task.FromResult(new Answer
            {
                RateBookVersion = book.Version.ToString(CultureInfo.InvariantCulture), Count = found.Length,
                Cards = [.. found.Take(limit).Select(RateCardAnswer.Of)], Truncated = found.Length > limit,
            });
        }

        private static bool Matches(RateCard card, string model) =>
            card.Match.Any(rule => rule.Matches(model)) && !card.Except.Any(rule => rule.Matches(model));
    }

    /// <summary>There was a book without contradictions at the time that is asked about.</summary>
    internal static void AsksOfASoundBook<TQuery>(this IRuleBuilder<TQuery, RequestValues> rule, RatesInForce rates,
        ParameterTable parameters) => rule.Custom((values, context) =>
    {
        if (parameters.FaultsOf(values).Count > 0) return;
        BooksInTime.Book(rates, values, out var fault);
        if (fault is not null) context.AddFaults([fault]);
    });
}
