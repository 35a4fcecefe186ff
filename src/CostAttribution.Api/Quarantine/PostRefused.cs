using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Quarantine;

/// <summary>One slice: post again what the store refused, now that it may take it.</summary>
public static class PostRefused
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Command(string PostingId, RequestValues Values) : IRequest<RefusedResult?>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules() => RuleFor(command => command.Values).Follows(Parameters);
    }

    internal sealed class Handler(IQuarantine quarantine) : IRequestHandler<Command, RefusedResult?>
    {
        public Task<RefusedResult?> Handle(Command request, CancellationToken cancellationToken) =>
            quarantine.PostAsync(request.PostingId, cancellationToken);
    }
}
