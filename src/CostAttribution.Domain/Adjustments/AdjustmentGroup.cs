namespace CostAttribution.Domain.Adjustments;

/// <summary>
/// Who an adjustment is for and what it adjusts: the dimensions that its ledger row carries. A group with all of them empty is
/// what nobody used. Compared by its parts in the order below, ordinally, so that splits do not depend on the order of rows.
/// </summary>
public sealed class AdjustmentGroup : IEquatable<AdjustmentGroup>
{
    /// <summary>Parts without the dimensions of one's own.</summary>
    public const int PartCount = 14;

    /// <summary>By the parts in their order.</summary>
    public static readonly IComparer<AdjustmentGroup> Order =
        Comparer<AdjustmentGroup>.Create(static (one, other) => one.CompareTo(other));

    private readonly string[] parts;

    /// <param name="slotMicros">Event time of the row, microseconds since the Unix epoch.</param>
    /// <param name="parts">In the order of the properties below, <see cref="PartCount"/> of them.</param>
    /// <param name="dimensions">Ordered by name.</param>
    public AdjustmentGroup(long slotMicros, string[] parts, KeyValuePair<string, string>[] dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(parts.Length, PartCount);
        SlotMicros = slotMicros;
        this.parts = parts;
        Dimensions = dimensions;
    }

    public long SlotMicros { get; }
    public string Customer => parts[0];
    public string Feature => parts[1];
    public string Product => parts[2];
    public string Team => parts[3];
    public string Environment => parts[4];
    public string Plan => parts[5];
    public string Audience => parts[6];
    public string Provider => parts[7];
    public string Seller => parts[8];
    public string Model => parts[9];
    public string ProviderAccount => parts[10];
    public string ProviderProject => parts[11];
    public string ProviderKey => parts[12];
    public string Region => parts[13];
    public KeyValuePair<string, string>[] Dimensions { get; }

    /// <summary>The parts in their order.</summary>
    public ReadOnlySpan<string> Parts => parts;

    /// <summary>What nobody used: of the provider alone.</summary>
    public static AdjustmentGroup Unallocated(long slotMicros, string provider, string seller)
    {
        var parts = new string[PartCount];
        Array.Fill(parts, "");
        (parts[7], parts[8]) = (provider, seller);
        return new AdjustmentGroup(slotMicros, parts, []);
    }

    private int CompareTo(AdjustmentGroup other)
    {
        if (SlotMicros != other.SlotMicros) return SlotMicros.CompareTo(other.SlotMicros);
        for (var i = 0; i < PartCount; i++)
        {
            if (string.CompareOrdinal(parts[i], other.parts[i]) is not 0 and var order) return order;
        }
        for (var i = 0; i < Math.Min(Dimensions.Length, other.Dimensions.Length); i++)
        {
            if (string.CompareOrdinal(Dimensions[i].Key, other.Dimensions[i].Key) is not 0 and var order) return order;
            if (string.CompareOrdinal(Dimensions[i].Value, other.Dimensions[i].Value) is not 0 and var byValue) return byValue;
        }
        return Dimensions.Length.CompareTo(other.Dimensions.Length);
    }

    public bool Equals(AdjustmentGroup? other) => other is not null && CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is AdjustmentGroup other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(SlotMicros);
        foreach (var part in parts) hash.Add(part, StringComparer.Ordinal);
        foreach (var (name, value) in Dimensions)
        {
            hash.Add(name, StringComparer.Ordinal);
            hash.Add(value, StringComparer.Ordinal);
        }
        return hash.ToHashCode();
    }
}

/// <summary>What the ledger says of a group in a period, net of reversals.</summary>
/// <param name="Group">Whose it is.</param>
/// <param name="Quantity">Of the term's unit, where it has one: what was priced.</param>
/// <param name="UnitCost">What that quantity cost, in pico-dollars.</param>
/// <param name="Cost">What everything cost, in pico-dollars.</param>
/// <param name="ListCost">The same at list price.</param>
/// <param name="Tokens">All tokens.</param>
/// <param name="Calls">Calls.</param>
public sealed record GroupSum(AdjustmentGroup Group, Int128 Quantity, Int128 UnitCost, Int128 Cost, Int128 ListCost,
    Int128 Tokens, Int128 Calls)
{
    internal GroupSum Plus(GroupSum other) => this with
    {
        Quantity = checked(Quantity + other.Quantity), UnitCost = checked(UnitCost + other.UnitCost),
        Cost = checked(Cost + other.Cost), ListCost = checked(ListCost + other.ListCost),
        Tokens = checked(Tokens + other.Tokens), Calls = checked(Calls + other.Calls),
    };
}
