using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Adjustments;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Adjustments;

/// <summary>One slice: settle the terms of the rate book in force, or count what that would change.</summary>
public static class StartAdjustments
{
    internal static readonly ParameterTable Parameters = new(
    [
        TimeRange.FromParameter with { Default = "the oldest row" },
        TimeRange.ToParameter with { Default = "all periods that have begun" },
        new Parameter("term", ParameterKind.Text, "Only this term.") { Example = "volume-2026" },
        new Parameter("open", ParameterKind.Text, "Whether periods that are not over are settled, too, as they are now.")
        {
            Example = "true", Default = "false", Allowed = ["true", "false"],
        },
        new Parameter("dryRun", ParameterKind.Text, "Whether to count only.")
        {
            Example = "true", Default = "false", Allowed = ["true", "false"],
        },
    ]);

    internal sealed record Command(RequestValues Values) : IRequest<AdjustmentStart>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(command => command.Values).Follows(Parameters);
            RuleFor(command => command.Values).IsARange(clock);
        }
    }

    internal sealed class Handler(IAdjustments adjustments) : IRequestHandler<Command, AdjustmentStart>
    {
        public Task<AdjustmentStart> Handle(Command request, CancellationToken cancellationToken) => adjustments.StartAsync(
            new AdjustmentRequest
            {
                From = ListAdjustments.Time(request.Values.One("from")), To = ListAdjustments.Time(request.Values.One("to")),
                Term = request.Values.One("term"), Open = request.Values.One("open") == "true",
                DryRun = request.Values.One("dryRun") == "true",
            }, cancellationToken);
    }
}
