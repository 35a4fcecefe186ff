using System.Globalization;
using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads the units that a file declares: a plain name, or a name with a description.</summary>
internal sealed class UnitReader(string file, List<RateCardFault> faults)
{
    private const int NameMax = 64;
    private const int StepMax = 64;

    /// <summary>The declared units by name.</summary>
    public Dictionary<string, RateUnit> Read(YamlFields head, List<DeclaredUnit> declared)
    {
        var units = new Dictionary<string, RateUnit>();
        foreach (var node in head.List("units"))
        {
            var unit = node is YamlMappingNode ? Described(node) : Named(head, node);
            if (unit is null) continue;
            if (!units.TryAdd(unit.Name, unit))
            {
                head.Fault(node, RateCardFaultKind.Contradiction, $"unit '{unit.Name}' is declared twice");
            }
            // A known unit may be named without harm; describing it anew is a fault of the book.
            else if (node is YamlMappingNode || !RateUnits.IsKnown(unit.Name))
            {
                declared.Add(new DeclaredUnit(unit, file, (int)node.Start.Line));
            }
        }
        return units;
    }

    private static RateUnit? Named(YamlFields head, YamlNode node) =>
        head.TextOf(node, "a unit") is { } name && IsName(head, node, name) ? RateUnits.Undescribed(name) : null;

    private RateUnit? Described(YamlNode node)
    {
        if (YamlFields.From(node, "a unit", file, faults) is not { } fields) return null;
        fields.Allow("a unit", "name", "family", "direction", "modality", "kind", "cache", "ttl", "step", "parent", "policy",
            "counts_as_input", "takes_factors");
        if (fields.Required("name", "a unit") is not { } name || !IsName(fields, fields.Node("name")!, name)) return null;
        var plain = RateUnits.Undescribed(name);
        return plain with
        {
            Family = fields.Choice("family", plain.Family),
            Direction = fields.Choice("direction", UnitDirection.None),
            Modality = fields.Choice("modality", UnitModality.None),
            Kind = fields.Choice("kind", TokenKind.None),
            Cache = fields.Choice("cache", CacheAction.None),
            CacheTtlSeconds = (int)(fields.Whole("ttl", int.MaxValue) ?? 0),
            Step = fields.Text("step") is { Length: <= StepMax } step ? step : plain.Step,
            Parent = fields.Text("parent") ?? "",
            Policy = PolicyOf(fields),
            InInputTotal = fields.Flag("counts_as_input"),
            TakesFactors = fields.Node("takes_factors") is null ? plain.TakesFactors : fields.Flag("takes_factors"),
        };
    }

    private static FallbackPolicy PolicyOf(YamlFields fields)
    {
        switch (fields.Text("policy"))
        {
            case null or "fail": return FallbackPolicy.Fail;
            case "upper_bound": return FallbackPolicy.UpperBound;
            case "parent" when fields.Node("parent") is not null: return FallbackPolicy.Unit;
            default:
                fields.Fault(fields.Node("policy")!, RateCardFaultKind.BadValue,
                    "'policy' of a unit must be fail, upper_bound, or parent with a 'parent'");
                return FallbackPolicy.Fail;
        }
    }

    private static bool IsName(YamlFields fields, YamlNode node, string name)
    {
        if (name.Length <= NameMax && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter)
            || letter == '_')) return true;
        fields.Fault(node, RateCardFaultKind.BadValue, string.Create(CultureInfo.InvariantCulture,
            $"unit '{name}' must be lower-case letters, digits and _, at most {NameMax}"));
        return false;
    }
}
