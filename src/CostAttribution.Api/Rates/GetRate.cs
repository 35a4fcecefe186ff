using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Rates;

/// <summary>One slice: one rate card with all its versions.</summary>
public static class GetRate
{
    internal static readonly ParameterTable Parameters = new([BooksInTime.KnownAt]);

    internal sealed record Query(string CardId, RequestValues Values) : IRequest<Answer?>;

    /// <summary>A rate card.</summary>
    public sealed record Answer
    {
        /// <summary>The version that stood at knownAt; null when none did.</summary>
        public required RateCardAnswer? Card { get; init; }

        /// <summary>All versions, oldest first; only the one in force where no history is at hand.</summary>
        public required IReadOnlyList<RateVersionAnswer> History { get; init; }
    }

    /// <summary>A version of a card.</summary>
    /// <param name="RecordedAt">When it was learnt; the next version took its place when that one was.</param>
    /// <param name="Withdrawn">Why nothing stands from then on; null for a version with prices.</param>
    /// <param name="Card">The card; null for a withdrawal.</param>
    public sealed record RateVersionAnswer(DateTimeOffset? RecordedAt, string? Withdrawn, RateCardAnswer? Card);

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(RatesInForce rates)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).AsksOfASoundBook(rates, Parameters);
        }
    }

    internal sealed class Handler(RatesInForce rates) : IRequestHandler<Query, Answer?>
    {
        public Task<Answer?> Handle(Query request, CancellationToken cancellationToken)
        {
            var book = BooksInTime.Book(rates, request.Values, out _) ?? RateBook.Empty;
            var card = book.CardById(request.CardId);
            var history = rates.Catalogue()?.HistoryOf(request.CardId)
                ?? (card is null ? [] : [new CardVersion(card.RecordedAtNanos, card, null)]);
            if (card is null && history.Count == 0) return Task.FromResult<Answer?>(null);
            return Task.FromResult<Answer?>(new Answer
            {
                Card = card is null ? null : RateCardAnswer.Of(card),
                History = [.. history.Select(version => new RateVersionAnswer(PriceTexts.Instant(version.RecordedAtNanos),
                    version.Withdrawal?.Reason, version.Card is null ? null : RateCardAnswer.Of(version.Card)))],
            });
        }
    }
}
