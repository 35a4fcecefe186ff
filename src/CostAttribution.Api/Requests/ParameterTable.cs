using System.Globalization;
using CostAttribution.Api.Problems;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Requests;

/// <summary>
/// The query parameters of one route. Anything else is refused by name: a mistyped filter that was ignored would answer
/// with everybody's cost.
/// </summary>
internal sealed class ParameterTable(params Parameter[] parameters)
{
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Every fault that can be seen in single values, in the order sent.</summary>
    public List<Fault> FaultsOf(RequestValues values)
    {
        if (values.CharCount > ApiLimits.QueryStringCharsMax)
        {
            return [new Fault("query string",
                Invariant($"is {values.CharCount} characters long; the limit is {ApiLimits.QueryStringCharsMax}"))];
        }
        if (values.ValueCount > ApiLimits.ValuesMax)
        {
            return [new Fault("query string",
                Invariant($"holds more than {ApiLimits.ValuesMax} values; ask in several requests"))];
        }

        var faults = new List<Fault>();
        foreach (var name in values.Names)
        {
            var parameter = Array.Find(parameters, candidate => candidate.Matches(name));
            if (parameter is null) faults.Add(UnknownName(name));
            else AddFaults(faults, parameter, name, values.All(name));
        }
        return faults;
    }

    private Fault UnknownName(string name)
    {
        var allowed = parameters.Select(parameter => parameter.IsPrefix ? parameter.Name[..^1] + "<name>" : parameter.Name)
            .ToArray();
        return new Fault(Fault.Shown(name),
            "is not a parameter here; nothing was read, so that a filter with a typing mistake cannot return everything")
        {
            DidYouMean =
                Suggestion.For(name, [.. parameters.Where(parameter => !parameter.IsPrefix).Select(parameter => parameter.Name)]),
            Allowed = allowed,
        };
    }

    private static void AddFaults(List<Fault> faults, Parameter parameter, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 1 && !parameter.Repeatable)
        {
            faults.Add(new Fault(name, Invariant($"was sent {values.Count} times; send it once")));
            return;
        }
        if (values.Count > ApiLimits.ValuesPerParameterMax)
        {
            faults.Add(new Fault(name, Invariant($"has {values.Count} values; the limit is {ApiLimits.ValuesPerParameterMax}")));
            return;
        }
        foreach (var value in values)
        {
            if (FaultOf(parameter, value) is { } detail)
            {
                faults.Add(new Fault(name, detail)
                {
                    Value = Fault.Shown(value),
                    Allowed = parameter.Allowed,
                    DidYouMean = parameter.Allowed is null ? null : Suggestion.For(value, parameter.Allowed),
                });
            }
        }
    }

    private static string? FaultOf(Parameter parameter, string value)
    {
        if (value.Length == 0) return parameter.MayBeEmpty ? null : "is empty; leave it out or give it a value";
        if (value.Length > ApiLimits.ValueCharsMax) return Invariant(
            $"is {value.Length} characters long; the limit is {ApiLimits.ValueCharsMax}");
        if (value.Any(char.IsControl)) return "holds a control character";
        if (!RequestValues.IsWellFormed(value)) return "is not valid Unicode text";
        if (parameter is { Allowed: { } allowed, Kind: not ParameterKind.List }
            && !allowed.Contains(value)) return "is not one of the allowed values";

        return parameter.Kind switch
        {
            ParameterKind.Time => TimeText.FaultOf(value),
            ParameterKind.Count => CountFault(parameter, value),
            ParameterKind.Amount => Money.TryParse(value, out var amount) && amount >= Money.Zero
                ? null
                : "is not an amount in USD; write digits with at most 12 decimals, for example 0.25",
            ParameterKind.Zone => Zones.TryFind(value, out _) ? null
                : "is not a time zone this server knows; write an IANA name such as Europe/Berlin",
            _ => null,
        };
    }

    private static string? CountFault(Parameter parameter, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= parameter.Min
            && count <= parameter.Max
            ? null
            : Invariant($"must be a whole number from {parameter.Min} to {parameter.Max}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
