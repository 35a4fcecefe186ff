using System.Globalization;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Transport;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Repricings;

/// <summary>One slice: one re-pricing, under way or ended.</summary>
public static class GetRepricing
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(string RepricingId, RequestValues Values) : IRequest<RepricingReport?>;

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IRepricings repricings, IClickHouseTransport store) : IRequestHandler<Query, RepricingReport?>
    {
        public async Task<RepricingReport?> Handle(Query request, CancellationToken cancellationToken)
        {
            if (repricings.Current is { } current && current.Id == request.RepricingId) return current;
            if (repricings.Last is { } last && last.Id == request.RepricingId) return last;
            return await new RepricingLog(store).FindAsync(request.RepricingId, cancellationToken);
        }
    }
}

/// <summary>One slice: the re-pricings of all nodes, newest first.</summary>
public static class ListRepricings
{
    private const int LimitDefault = 20;

    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("limit", ParameterKind.Count, "Re-pricings answered at most.")
        {
            Example = "5",
            Default = LimitDefault.ToString(CultureInfo.InvariantCulture),
            Max = RepricingLog.ListMax,
        },
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Re-pricings, dry runs and what-ifs.</summary>
    /// <param name="Repricings">The newest first; one under way on this node is the first.</param>
    public sealed record Answer(IReadOnlyList<RepricingReport> Repricings);

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IRepricings repricings, IClickHouseTransport store) : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : LimitDefault;
            var known = await new RepricingLog(store).ListAsync(limit, cancellationToken);
            return new Answer(repricings.Current is { } current
                ? [current, .. known.Where(report => report.Id != current.Id).Take(limit - 1)] : known);
        }
    }
}

/// <summary>One slice: end a re-pricing that is under way. What it has posted stays.</summary>
public static class CancelRepricing
{
    internal static readonly ParameterTable Parameters = new([]);

    /// <summary>Answers whether one of that id was under way.</summary>
    internal sealed record Command(string RepricingId, RequestValues Values) : IRequest<bool>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules() => RuleFor(command => command.Values).Follows(Parameters);
    }

    internal sealed class Handler(IRepricings repricings) : IRequestHandler<Command, bool>
    {
        public Task<bool> Handle(Command request, CancellationToken cancellationToken) =>
            Task.FromResult(repricings.Cancel(request.RepricingId));
    }
}
