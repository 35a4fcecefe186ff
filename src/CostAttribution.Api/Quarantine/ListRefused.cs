using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Quarantine;

/// <summary>One slice: the postings of this node that wait in quarantine.</summary>
public static class ListRefused
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>What the store refused and is not in it.</summary>
    /// <param name="Postings">By id.</param>
    public sealed record Answer(IReadOnlyList<RefusedPosting> Postings);

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IQuarantine quarantine) : IRequestHandler<Query, Answer>
    {
        public Task<Answer> Handle(Query request, CancellationToken cancellationToken) =>
            Task.FromResult(new Answer(quarantine.List()));
    }
}
