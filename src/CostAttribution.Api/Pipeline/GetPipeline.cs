using CostAttribution.Api.Requests;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Pipeline;

/// <summary>One slice: what the data plane is doing and what it counted.</summary>
public static class GetPipeline
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(RequestValues Values) : IRequest<PipelineSnapshot>;

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IPipelineStatus status) : IRequestHandler<Query, PipelineSnapshot>
    {
        public Task<PipelineSnapshot> Handle(Query request, CancellationToken cancellationToken) =>
            Task.FromResult(status.Read());
    }
}
