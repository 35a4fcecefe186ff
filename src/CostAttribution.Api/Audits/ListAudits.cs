using System.Globalization;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Audits;

/// <summary>One slice: the audits of all nodes, newest first.</summary>
public static class ListAudits
{
    private const int LimitDefault = 20;

    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("limit", ParameterKind.Count, "Audits answered at most.")
        {
            Example = "5",
            Default = LimitDefault.ToString(CultureInfo.InvariantCulture),
            Max = AuditLog.ListMax,
        },
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Audits that ended, and the one under way.</summary>
    /// <param name="Audits">The newest first; one under way on this node is the first.</param>
    public sealed record Answer(IReadOnlyList<AuditReport> Audits);

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IAudits audits, IClickHouseTransport store) : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : LimitDefault;
            var ended = await new AuditLog(store).ListAsync(limit, cancellationToken);
            return new Answer(audits.Current is { } current ? [current, .. ended.Take(limit - 1)] : ended);
        }
    }
}
