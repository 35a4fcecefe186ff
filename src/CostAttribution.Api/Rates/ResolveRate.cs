using System.Globalization;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Rates;

/// <summary>One slice: which card prices a call, and what each unit costs under it.</summary>
public static class ResolveRate
{
    /// <summary>Few enough to stay below every threshold of a card.</summary>
    private const long Sample = 1000;

    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("provider", ParameterKind.Text, "Who sold the call.") { Example = "openai" },
        new Parameter("seller", ParameterKind.Text, "Reseller or gateway that bills it.") { Example = "openrouter" },
        new Parameter("model", ParameterKind.Text, "Model that answered.") { Example = "gpt-5" },
        new Parameter("requestModel", ParameterKind.Text, "Model that was asked for.") { Example = "gpt-5" },
        new Parameter("tier", ParameterKind.Text, "Service tier.") { Example = "batch" },
        new Parameter("region", ParameterKind.Text, "Region.") { Example = "eu" },
        new Parameter("customer", ParameterKind.Text, "Customer, for contracts that name customers.") { Example = "acme" },
        new Parameter("account", ParameterKind.Text, "Provider account, for contracts that name accounts.") { Example = "a-1" },
        new Parameter("project", ParameterKind.Text, "Provider project, for contracts that name projects.") { Example = "p-1" },
        new Parameter("key", ParameterKind.Text, "Provider key, for contracts that name keys.") { Example = "k-1" },
        BooksInTime.At,
        BooksInTime.KnownAt,
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>What prices a call.</summary>
    public sealed record Answer
    {
        /// <summary>Time of the call.</summary>
        public required DateTimeOffset At { get; init; }

        /// <summary>Version of the book that was asked.</summary>
        public required string RateBookVersion { get; init; }

        /// <summary>The card that prices the call, a contract before a list; null when none does.</summary>
        public required RateCardAnswer? Card { get; init; }

        /// <summary>Why none does: none, noCard, noRateAtTime, tierNotOnCard or ambiguousCards.</summary>
        public required PriceGap Gap { get; init; }

        /// <summary>What each unit costs in a small request with these properties.</summary>
        public required IReadOnlyList<ResolvedPrice> Prices { get; init; }
    }

    /// <summary>What a unit costs.</summary>
    /// <param name="Unit">The unit.</param>
    /// <param name="Per">The quantity the costs are for.</param>
    /// <param name="Cost">USD, by the contract where there is one.</param>
    /// <param name="ListCost">USD at list.</param>
    /// <param name="Fallback">True when the card does not say and another unit's price was taken.</param>
    public sealed record ResolvedPrice(string Unit, long Per, Money Cost, Money ListCost, bool Fallback);

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(RatesInForce rates)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).Custom((values, context) => context.AddFaults(Missing(values)));
            RuleFor(query => query.Values).AsksOfASoundBook(rates, Parameters);
        }

        private static IEnumerable<Fault> Missing(RequestValues values)
        {
            if (!values.Has("provider")) yield return new Fault("provider", "is missing: say whose model it is");
            if (!values.Has("model") && !values.Has("requestModel")) yield return new Fault("model", "is missing");
        }
    }

    internal sealed class Handler(RatesInForce rates, TimeProvider clock) : IRequestHandler<Query, Answer>
    {
        public Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var values = request.Values;
            var book = BooksInTime.Book(rates, values, out _) ?? RateBook.Empty;
            var at = BooksInTime.Time(values, "at") ?? clock.GetUtcNow();
            var asked = new PricingRequest
            {
                Provider = Value("provider"), Seller = Value("seller"), Model = Value("model"),
                RequestModel = Value("requestModel"), Region = Value("region"), ServiceTier = Value("tier"),
                Scope = book.ScopeOf(Value("account"), Value("project"), Value("key"), Value("customer")),
                EventTimeNanos = BooksInTime.Nanos(at),
            };
            var card = book.CardFor(in asked, out var gap);
            return Task.FromResult(new Answer
            {
                At = at, RateBookVersion = book.Version.ToString(CultureInfo.InvariantCulture), Gap = gap,
                Card = card is null ? null : RateCardAnswer.Of(card),
                Prices = card is null ? [] : [.. PricesOf(book, asked, card)],
            });

            string Value(string name) => values.One(name) ?? "";
        }

        private static IEnumerable<ResolvedPrice> PricesOf(RateBook book, PricingRequest asked, RateCard card)
        {
            // A discount names no units of its own: the list card's are those of the same provider's cards.
            var units = RateUnits.Known.Select(unit => unit.Name).Concat(book.Units.Select(unit => unit.Name))
                .Concat(card.Rates.Select(rate => rate.Unit)).Distinct();
            foreach (var unit in units)
            {
                CostBreakdown cost = default;
                Pricer.Price(book, in asked, UsageVector.Of(unit, Sample), ref cost);
                if (cost.Status is not (PriceStatus.Priced or PriceStatus.Free)) continue;
                var per = (RateUnits.Find(unit) ?? RateUnits.Undescribed(unit)).Family == UnitFamily.Token ? 1_000_000L : Sample;
                yield return new ResolvedPrice(unit, per, Scaled(cost.Cost), Scaled(cost.ListCost), cost.UsedFallback);

                Money Scaled(Money money) => new(money.PicoUsd * (per / Sample));
            }
        }
    }
}
