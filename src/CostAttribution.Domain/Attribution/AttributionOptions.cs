namespace CostAttribution.Domain.Attribution;

/// <summary>How one dimension gets its value, as written in settings.</summary>
public sealed class DimensionOptions
{
    /// <summary>
    /// Attribute names looked at before the built-in ones, best first; <c>attribute:path</c> is a member of a JSON attribute.
    /// </summary>
    public IList<string> Keys { get; set; } = [];

    /// <summary>Names used only when no key above has a value on the span, its ancestors or its resource.</summary>
    public IList<string> FallbackKeys { get; set; } = [];

    /// <summary>True: only the keys given here count, not the built-in ones.</summary>
    public bool ReplaceDefaultKeys { get; set; }

    /// <summary>Raw value → value to record. Values not listed stay as they are.</summary>
    public IDictionary<string, string> Values { get; set; } = new Dictionary<string, string>();
}

/// <summary>
/// A value for spans that carry none: all conditions given must hold, exactly; the first rule of a dimension that does wins.
/// </summary>
public sealed class AttributionRuleOptions
{
    public string Dimension { get; set; } = "";
    public string Value { get; set; } = "";

    /// <summary><c>service.name</c> of the span's resource.</summary>
    public string Service { get; set; } = "";

    /// <summary>Canonical provider id of the call.</summary>
    public string Provider { get; set; } = "";

    /// <summary>Provider project or workspace on the span.</summary>
    public string ProviderProject { get; set; } = "";

    /// <summary>Hash or alias of the provider or gateway key on the span.</summary>
    public string ProviderKey { get; set; } = "";

    /// <summary>
    /// Not a condition: named here so that settings that use it are refused instead of taken for a wider rule.
    /// </summary>
    public string IngestKey { get; set; } = "";
}

/// <summary>Settings section <c>Attribution</c>: for whom and for what a cost is recorded.</summary>
public sealed class AttributionOptions
{
    public const string Section = "Attribution";

    /// <summary>By dimension name; names that are not built in add dimensions of your own, kept in <c>dimensions</c>.</summary>
    public IDictionary<string, DimensionOptions> Dimensions { get; set; } = new Dictionary<string, DimensionOptions>();

    public IList<AttributionRuleOptions> Rules { get; set; } = [];

    /// <summary>
    /// Services (<c>service.name</c>) whose tool loops report running totals (Spring AI 1.x): their calls are billed as
    /// differences.
    /// </summary>
    public IList<string> CumulativeLoopServices { get; set; } = [];

    /// <summary>What models stand behind deployments whose calls name no other.</summary>
    public IList<DeploymentOptions> Deployments { get; set; } = [];
}
