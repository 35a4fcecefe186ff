using System.Numerics;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// For every span the nearest value of every dimension slot on it or an ancestor. Spans without values of their own share
/// their parent's row, so inheritance costs nothing for most. Reused; not thread-safe.
/// </summary>
internal sealed class IdentityTable
{
    private int slots;
    private int[] rows = [];
    private int rowCount;
    private (string Value, int Node)[] values = [];
    private int valueCount;
    private int[] rowOfNode = [], givenOfNode = [];
    private int[] uniqueValue = [];
    private bool[] several = [], ownRow = [];

    public void Begin(int nodes, int slotCount)
    {
        slots = slotCount;
        Scratch.Ensure(ref rowOfNode, nodes);
        Scratch.Ensure(ref givenOfNode, nodes);
        Scratch.Ensure(ref ownRow, nodes);
        Scratch.Ensure(ref uniqueValue, slotCount);
        Scratch.Ensure(ref several, slotCount);
        Array.Fill(uniqueValue, -1, 0, slotCount);
        Array.Clear(several);
        valueCount = 0;
        rowCount = 0;
        if (rows.Length > Scratch.KeptMax * 8) rows = [];
        if (values.Length > Scratch.KeptMax * 8) values = [];
        AddRow(-1);
    }

    /// <param name="keepsParents">Slots in which an ancestor's value wins over the span's own.</param>
    /// <param name="givesOn">False: the span's own values are not for its descendants nor for the rest of the trace.</param>
    public void Add(int node, int parent, SpanReading reading, ulong keepsParents, bool givesOn)
    {
        var inherited = parent < 0 ? 0 : givenOfNode[parent];
        ownRow[node] = reading.DimensionsPresent != 0;
        if (reading.DimensionsPresent == 0)
        {
            rowOfNode[node] = givenOfNode[node] = inherited;
            return;
        }
        var row = AddRow(inherited);
        for (var rest = reading.DimensionsPresent; rest != 0; rest &= rest - 1)
        {
            var slot = BitOperations.TrailingZeroCount(rest);
            var at = row * slots + slot;
            if (rows[at] >= 0 && (keepsParents & (1UL << slot)) != 0) continue;
            if (valueCount == values.Length) Array.Resize(ref values, Math.Max(64, valueCount * 2));
            values[valueCount] = (reading.DimensionText(slot), node);
            rows[at] = valueCount;
            if (givesOn) NoteUnique(slot, valueCount);
            valueCount++;
        }
        rowOfNode[node] = row;
        givenOfNode[node] = givesOn ? row : inherited;
    }

    /// <summary>The nearest value and the node that carries it; empty when there is none.</summary>
    public (string Value, int Node) Nearest(int node, int slot)
    {
        var value = rows[rowOfNode[node] * slots + slot];
        return value < 0 ? ("", -1) : values[value];
    }

    /// <summary>Spans of the same row have the same values.</summary>
    public int RowOf(int node) => rowOfNode[node];

    /// <summary>Whether the span carries values itself.</summary>
    public bool HasOwnRow(int node) => ownRow[node];

    /// <summary>The one value a slot has anywhere in the trace; empty when it has none or several.</summary>
    public string Unique(int slot) => several[slot] || uniqueValue[slot] < 0 ? "" : values[uniqueValue[slot]].Value;

    public bool HasSeveral(int slot) => several[slot];

    private void NoteUnique(int slot, int value)
    {
        if (uniqueValue[slot] < 0) uniqueValue[slot] = value;
        else if (values[uniqueValue[slot]].Value != values[value].Value) several[slot] = true;
    }

    private int AddRow(int copyOf)
    {
        var at = rowCount * slots;
        if (at + slots > rows.Length) Array.Resize(ref rows, Math.Max(slots * 8, rows.Length * 2));
        if (copyOf < 0) Array.Fill(rows, -1, at, slots);
        else Array.Copy(rows, copyOf * slots, rows, at, slots);
        return rowCount++;
    }
}
