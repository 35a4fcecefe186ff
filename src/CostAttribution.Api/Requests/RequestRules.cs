using CostAttribution.Api.Problems;
using CostAttribution.Domain.Identity;
using FluentValidation;
using FluentValidation.Results;

namespace CostAttribution.Api.Requests;

/// <summary>Rules that several slices share.</summary>
internal static class RequestRules
{
    /// <summary>Only parameters of the table, each with a value it allows.</summary>
    public static void Follows<TQuery>(this IRuleBuilder<TQuery, RequestValues> rule, ParameterTable table) =>
        rule.Custom((values, context) => context.AddFaults(table.FaultsOf(values)));

    /// <summary>The start lies before the end.</summary>
    public static void IsARange<TQuery>(this IRuleBuilder<TQuery, RequestValues> rule, TimeProvider clock) =>
        rule.Custom((values, context) =>
        {
            var zone = Zones.TryFind(values.One("timeZone") ?? "UTC", out var found) ? found : TimeZoneInfo.Utc;
            if (TimeRange.FaultOf(values, clock.GetUtcNow(), zone) is { } fault) context.AddFaults([fault]);
        });

    public static void IsATraceId<TQuery>(this IRuleBuilder<TQuery, string> rule) =>
        rule.Custom((text, context) =>
        {
            if (TraceId.TryParse(text, out var id) && !id.IsZero) return;
            context.AddFaults([new Fault("traceId",
                "is not a trace id: 32 hexadecimal digits, not all zero") { Value = Fault.Shown(text) }]);
        });

    public static void IsASpanId<TQuery>(this IRuleBuilder<TQuery, string> rule) =>
        rule.Custom((text, context) =>
        {
            if (SpanId.TryParse(text, out var id) && !id.IsZero) return;
            context.AddFaults([new Fault("spanId",
                "is not a span id: 16 hexadecimal digits, not all zero") { Value = Fault.Shown(text) }]);
        });

    /// <summary>What is wrong with the names of <c>groupBy</c>, each allowed once.</summary>
    public static IEnumerable<Fault> FaultsOfGroups(RequestValues values, IReadOnlyList<string> allowed)
    {
        var names = values.Split("groupBy");
        // One empty value is a fault of the value itself.
        if (values.All("groupBy").Any(value => value.Length == 0)) yield break;
        foreach (var name in names.Distinct())
        {
            if (!allowed.Contains(name)) yield return new Fault("groupBy", $"does not know '{Fault.Shown(name)}'")
            {
                Value = Fault.Shown(name), DidYouMean = Suggestion.For(name, allowed), Allowed = allowed,
            };
        }
        foreach (var twice in names.GroupBy(name => name).Where(group => group.Count() > 1))
            yield return new Fault("groupBy", $"names '{Fault.Shown(twice.Key)}' {twice.Count()} times; name it once");
    }

    public static void AddFaults<TQuery>(this ValidationContext<TQuery> context, IEnumerable<Fault> faults)
    {
        foreach (var fault in faults) context.AddFailure(new ValidationFailure(fault.Field,
            fault.Detail) { CustomState = fault });
    }
}
