using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Audits;

/// <summary>One slice: one audit, under way or ended.</summary>
public static class GetAudit
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(string AuditId, RequestValues Values) : IRequest<AuditReport?>;

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IAudits audits, IClickHouseTransport store) : IRequestHandler<Query, AuditReport?>
    {
        public async Task<AuditReport?> Handle(Query request, CancellationToken cancellationToken)
        {
            if (audits.Current is { } current && current.Id == request.AuditId) return current;
            if (audits.Last is { } last && last.Id == request.AuditId) return last;
            return await new AuditLog(store).FindAsync(request.AuditId, cancellationToken);
        }
    }
}
