using System.Globalization;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Repricings;

/// <summary>One slice: what the past would have cost under other prices or with other models.</summary>
public static class AskWhatIf
{
    internal static readonly ParameterTable Parameters = new([]);

    private const int MovesMax = 100;

    /// <summary>What if.</summary>
    public sealed record Body
    {
        /// <summary>First event time, ISO 8601; not there for the oldest row.</summary>
        public string? From { get; init; }

        /// <summary>End of the event times, not included; not there for all.</summary>
        public string? To { get; init; }

        /// <summary>Only calls of this provider.</summary>
        public string? Provider { get; init; }

        /// <summary>Only calls of this model.</summary>
        public string? Model { get; init; }

        /// <summary>Only this customer's; empty for what has none.</summary>
        public string? Customer { get; init; }

        /// <summary>Version of a rate book that was once in force; not there for the one that is.</summary>
        public string? Book { get; init; }

        /// <summary>Rate cards as if they were published, too.</summary>
        public IReadOnlyList<RateFile>? Files { get; init; }

        /// <summary>Calls as if another model had answered them, with the usage that they had.</summary>
        public IReadOnlyList<RepricingMove>? Moves { get; init; }
    }

    internal sealed record Command(Body Body, RequestValues Values) : IRequest<RepricingStart>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules()
        {
            RuleFor(command => command.Values).Follows(Parameters);
            RuleFor(command => command.Body).Custom((body, context) => context.AddFaults(FaultsOf(body)));
        }

        private static IEnumerable<Fault> FaultsOf(Body body)
        {
            foreach (var (name, text) in new[] { ("from", body.From), ("to", body.To) })
            {
                if (text is not null && TimeText.FaultOf(text) is { } detail)
                    yield return new Fault(name, detail) { Value = Fault.Shown(text) };
            }
            if (StartRepricing.Time(body.From) is { } from && StartRepricing.Time(body.To) is { } to && from >= to)
                yield return new Fault("from", "must be before 'to'");
            if (body.Book is { } book && !StartRepricing.IsVersion(book))
                yield return new Fault("book", "is not a version of a rate book") { Value = Fault.Shown(book) };
            if (body is { Book: not null, Files.Count: > 0 })
                yield return new Fault("book", "and files cannot both be given: files are laid over the book in force");
            if (body.Files?.Any(file => file is not { Name: not null, Text: not null }) == true)
                yield return new Fault("files", "need a name and a text each");
            if (body.Moves is { Count: > MovesMax }) yield return new Fault("moves", $"may be {MovesMax} at most");
            if (body.Moves?.Any(move => move is not { FromModel.Length: > 0, ToModel.Length: > 0, FromProvider: not null,
                ToProvider: not null }) == true)
                yield return new Fault("moves", "need fromModel and toModel; fromProvider and toProvider may be empty");
        }
    }

    internal sealed class Handler(IRepricings repricings) : IRequestHandler<Command, RepricingStart>
    {
        public Task<RepricingStart> Handle(Command request, CancellationToken cancellationToken)
        {
            var body = request.Body;
            return repricings.StartAsync(new RepricingRequest
            {
                Kind = RepricingKind.WhatIf, From = StartRepricing.Time(body.From), To = StartRepricing.Time(body.To),
                Provider = body.Provider, Model = body.Model, Customer = body.Customer,
                RateBookVersion = body.Book is { } book ? long.Parse(book, CultureInfo.InvariantCulture) : null,
                Files = body.Files ?? [], Moves = body.Moves ?? [],
            }, cancellationToken);
        }
    }
}
