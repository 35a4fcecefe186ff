using System.Globalization;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Transport;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Adjustments;

/// <summary>One slice: what the periods of terms were settled at, with the arithmetic.</summary>
public static class ListAdjustments
{
    private const int LimitDefault = 100;

    internal static readonly ParameterTable Parameters = new(
    [
        TimeRange.FromParameter with { Default = "the oldest period" },
        TimeRange.ToParameter with { Default = "all periods" },
        new Parameter("term", ParameterKind.Text, "Only this term.") { Example = "volume-2026" },
        new Parameter("limit", ParameterKind.Count, "Periods answered at most.")
        {
            Example = "10", Default = LimitDefault.ToString(CultureInfo.InvariantCulture), Max = SettlementLog.ListMax,
        },
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Settlements, one per term and period.</summary>
    /// <param name="Settlements">The newest period first.</param>
    /// <param name="Run">The run under way on this node, or the last; null when there was none since its start.</param>
    public sealed record Answer(IReadOnlyList<SettlementReport> Settlements, AdjustmentReport? Run);

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).IsARange(clock);
        }
    }

    internal sealed class Handler(IAdjustments adjustments, IClickHouseTransport store) : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var values = request.Values;
            var limit = values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : LimitDefault;
            var settlements = await new SettlementLog(store).ListAsync(Time(values.One("from")), Time(values.One("to")),
                values.One("term"), limit, cancellationToken);
            return new Answer(settlements, adjustments.Current ?? adjustments.Last);
        }
    }

    internal static DateTimeOffset? Time(string? text) =>
        text is not null && TimeText.TryParse(text, TimeZoneInfo.Utc, out var time) ? time : null;
}

/// <summary>One slice: one run, under way or the last that ended.</summary>
public static class GetAdjustmentRun
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(string RunId, RequestValues Values) : IRequest<AdjustmentReport?>;

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules() => RuleFor(query => query.Values).Follows(Parameters);
    }

    internal sealed class Handler(IAdjustments adjustments) : IRequestHandler<Query, AdjustmentReport?>
    {
        public Task<AdjustmentReport?> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(
            new[] { adjustments.Current, adjustments.Last }.FirstOrDefault(report => report?.Id == request.RunId));
    }
}
