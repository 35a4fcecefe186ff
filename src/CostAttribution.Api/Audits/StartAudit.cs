using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Audits;

/// <summary>One slice: audit the ledger now, and repair what is found.</summary>
public static class StartAudit
{
    internal static readonly ParameterTable Parameters = new(
    [
        TimeRange.FromParameter with { Default = "the oldest row" },
        TimeRange.ToParameter with { Default = "the newest row" },
        new Parameter("dryRun", ParameterKind.Text, "Whether to report only.")
        {
            Example = "true",
            Default = "false",
            Allowed = ["true", "false"],
        },
    ]);

    /// <summary>Answers null when an audit is under way.</summary>
    internal sealed record Command(RequestValues Values) : IRequest<AuditReport?>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(command => command.Values).Follows(Parameters);
            RuleFor(command => command.Values).IsARange(clock);
        }
    }

    internal sealed class Handler(IAudits audits) : IRequestHandler<Command, AuditReport?>
    {
        public Task<AuditReport?> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(
            audits.TryStart(new AuditRequest(AuditTrigger.Request, Time(request.Values, "from"), Time(request.Values, "to"), null,
                DryRun: request.Values.One("dryRun") == "true")));

        private static DateTimeOffset? Time(RequestValues values, string name) =>
            values.One(name) is { } text && TimeText.TryParse(text, TimeZoneInfo.Utc, out var time) ? time : null;
    }
}
