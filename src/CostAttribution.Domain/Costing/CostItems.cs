using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Something on a span that costs beside model calls.</summary>
/// <param name="Rule">Null where the span itself says the quantities and no rule prices them.</param>
/// <param name="Units">Null when the rule applies and its quantity cannot be read.</param>
internal readonly record struct CostItem(int Node, CostRule? Rule, UnitQuantity[]? Units)
{
    /// <summary>Names the item on ledger rows.</summary>
    public string Name => Rule?.Name ?? CostItems.VectorItem;
}

/// <summary>
/// Finds what the cost rules of a book price on the spans of a trace, and what vector databases say of their own use. A span of
/// which no rule speaks costs a look-up of its scope and name. Belongs to one <see cref="TraceCosting"/>.
/// </summary>
internal sealed class CostItems
{
    /// <summary>The item of units that a vector database's span reports and no rule prices.</summary>
    public const string VectorItem = "vector_database";

    /// <summary>Who bills them; the keys they are read from are this provider's own.</summary>
    public const string VectorProvider = "pinecone";

    private readonly Utf8Interner interner = new();
    private readonly List<RuleHit> hits = [];
    private readonly Dictionary<ushort, int> placeOfKey = [];
    private RateBook? rates;
    private AttributeKeyTable? keys;
    private string?[] values = [];

    /// <summary>What was found, in the order of nodes, then of names.</summary>
    public List<CostItem> Found { get; } = [];

    public void Find(TraceSpans trace, TraceTree tree, SpanFacts[] facts, CallElection calls, RateBook book,
        AttributeKeyTable table)
    {
        Found.Clear();
        var matcher = book.CostRuleMatcher;
        if (!matcher.IsEmpty) Use(book, table);
        for (var node = 0; node < tree.Count; node++)
        {
            var span = facts[node];
            if (matcher.IsEmpty || !matcher.Concerns(span.Scope.Name, span.Name))
            {
                if (span.OwnUnits is not null) AddOwnUnits(node, span, 0);
                continue;
            }
            var first = Found.Count;
            Match(matcher, trace, trace[tree.Position(node)], span);
            foreach (var hit in hits)
            {
                if (IsBilledByCall(hit.Rule.Unit, node, facts, calls)) continue;
                if (hit.Fault != RuleFault.None) Found.Add(new(node, hit.Rule, null));
                else if (hit.Quantity > 0) Found.Add(new(node, hit.Rule, [new(hit.Rule.Unit, hit.Quantity)]));
            }
            Found.Sort(first, Found.Count - first, ByName.Instance);
            if (span.OwnUnits is not null) AddOwnUnits(node, span, first);
        }
    }

    private void Use(RateBook book, AttributeKeyTable table)
    {
        if (ReferenceEquals(rates, book) && ReferenceEquals(keys, table)) return;
        (rates, keys) = (book, table);
        placeOfKey.Clear();
        var names = book.CostRuleMatcher.AttributeKeys;
        for (var i = 0; i < names.Count; i++)
        {
            // A key that is not decoded is on no span.
            if (table.TryGet(names[i], out var key)) placeOfKey[key.Id] = i;
        }
        values = new string?[names.Count];
    }

    private void Match(CostRuleMatcher matcher, TraceSpans trace, SpanRecord record, SpanFacts span)
    {
        hits.Clear();
        Array.Clear(values);
        if (placeOfKey.Count > 0)
        {
            // What the span says comes before what its process says.
            Take(trace.ResourceOf(record).Attributes);
            Take(record.Attributes);
        }
        ulong? duration = span.End >= span.Start && record.EndNanos != 0 ? span.End - span.Start : null;
        matcher.Match(span.Scope.Name, span.Name, duration, values, hits);
    }

    private void Take(AttributeReader attributes)
    {
        foreach (var attribute in attributes)
        {
            if (placeOfKey.TryGetValue(attribute.Key, out var place)) values[place] = attribute.ToText(interner);
        }
    }

    // What a call reports of a unit is in its own row already.
    private static bool IsBilledByCall(string unit, int node, SpanFacts[] facts, CallElection calls)
    {
        var units = (calls.CallOf(node) is { } call ? facts[call.Owner] : facts[node]).Usage.Vector.OtherUnits;
        return units is not null && Array.Exists(units, used => used.Unit == unit);
    }

    private void AddOwnUnits(int node, SpanFacts span, int firstOfNode)
    {
        var rest = span.OwnUnits!.Where(own => own.Quantity != 0).Where(own => !IsPriced(own.Unit)).ToArray();
        if (rest.Length > 0) Found.Add(new(node, null, rest));

        bool IsPriced(string unit)
        {
            for (var i = firstOfNode; i < Found.Count; i++)
            {
                if (Found[i].Node == node && Found[i].Rule?.Unit == unit) return true;
            }
            return false;
        }
    }

    /// <summary>
    /// Takes the units of a vector database out of a span's usage: they are no part of any model call, and a span that reports
    /// nothing else is none.
    /// </summary>
    public static void TakeOwnUnits(SpanFacts span)
    {
        span.OwnUnits = null;
        var units = span.Usage.Vector.OtherUnits;
        if (units is null || !Array.Exists(units, IsVector)) return;
        span.OwnUnits = Array.FindAll(units, IsVector);
        var rest = Array.FindAll(units, unit => !IsVector(unit));
        span.Usage.Vector.OtherUnits = rest.Length > 0 ? rest : null;
        if (rest.Length > 0 || !span.Usage.Vector.IsZero) return;
        if (span.Usage.Cost is { IsZero: false }) span.Flags |= SpanFlags.CostNotBilled;
        span.Usage = default;
        if (span.Role == SpanRole.Leaf && span.Model.Name.Length == 0) span.Role = SpanRole.NonBillable;
        if ((span.Flags & SpanFlags.RoleGuessed) == 0) return;
        span.Flags &= ~SpanFlags.RoleGuessed;
        span.Role = SpanRole.Other;
    }

    private static bool IsVector(UnitQuantity unit) =>
        unit.Unit is UsageUnits.VectorReadUnits or UsageUnits.VectorWriteUnits;

    private sealed class ByName : IComparer<CostItem>
    {
        public static ByName Instance { get; } = new();

        public int Compare(CostItem x, CostItem y) => string.CompareOrdinal(x.Name, y.Name);
    }
}
