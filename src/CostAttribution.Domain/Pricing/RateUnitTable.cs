using System.Collections.Frozen;

namespace CostAttribution.Domain.Pricing;

/// <summary>The known units together with those that the files of one book describe.</summary>
internal sealed class RateUnitTable
{
    private readonly FrozenDictionary<string, RateUnit> declared;

    public RateUnitTable(IEnumerable<RateUnit> declared)
    {
        this.declared = declared.ToFrozenDictionary(unit => unit.Name);
        Defaults = [.. RateUnits.Known.Concat(this.declared.Values.OrderBy(unit => unit.Name, StringComparer.Ordinal))
            .Where(unit => unit.Policy != FallbackPolicy.Fail)
            .Select(unit => new UnitFallback(unit.Name, unit.Policy, unit.Parent))];
        OwnInputs = [.. this.declared.Values.Where(unit => unit.InInputTotal).Select(unit => unit.Name)];
    }

    /// <summary>What holds for units that a card neither prices nor mentions.</summary>
    public IReadOnlyList<UnitFallback> Defaults { get; }

    /// <summary>Declared units that count towards the input total.</summary>
    public string[] OwnInputs { get; }

    public RateUnit Find(string unit) =>
        RateUnits.Find(unit) ?? declared.GetValueOrDefault(unit) ?? RateUnits.Undescribed(unit);
}
