using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Quarantine;

/// <summary>One slice: what one posting in quarantine holds.</summary>
public static class GetRefused
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(string PostingId, RequestValues Values) : IRequest<RefusedPosting?>;

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IQuarantine quarantine) : IRequestHandler<Query, RefusedPosting?>
    {
        public Task<RefusedPosting?> Handle(Query request, CancellationToken cancellationToken) =>
            Task.FromResult(quarantine.Find(request.PostingId));
    }
}
