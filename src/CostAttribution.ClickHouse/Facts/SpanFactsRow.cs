using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;

namespace CostAttribution.ClickHouse.Facts;

/// <summary>What the store shows of one span in a posting (columns of the view <c>spans</c>).</summary>
public sealed class SpanFactsRow
{
    public SpanId SpanId { get; set; }
    public SpanId ParentSpanId { get; set; }
    public string Name { get; set; } = "";
    public string Service { get; set; } = "";

    /// <summary>Name of the instrumentation scope.</summary>
    public string Scope { get; set; } = "";

    /// <summary>Microseconds since the Unix epoch, UTC.</summary>
    public long StartTimeMicros { get; set; }

    /// <summary>Microseconds since the Unix epoch, UTC.</summary>
    public long EndTimeMicros { get; set; }

    /// <summary>Snake-case name of the span's role.</summary>
    public string Role { get; set; } = "";
    public Ownership Ownership { get; set; }

    /// <summary>The span that is billed in its place; zero for none.</summary>
    public SpanId SupersededBy { get; set; }
    public string Dialect { get; set; } = "";
    public SpanFlags Flags { get; set; }
    public string Customer { get; set; } = "";
    public string Feature { get; set; } = "";

    /// <summary>What the span's own trace says of it, whatever others say: what traces hear that link to it.</summary>
    public string SaidCustomer { get; set; } = "";
    public string SaidFeature { get; set; } = "";

    /// <summary>A container's surplus over its elected descendants, per unit.</summary>
    public UnitQuantity[] Excess { get; set; } = [];

    /// <summary>The usage a span that is not elected reported, per unit.</summary>
    public UnitQuantity[] Reported { get; set; } = [];
}
