using System.Globalization;

namespace CostAttribution.Domain.Costing;

/// <summary>What one trace says first-hand of the totals of one agent.</summary>
/// <param name="End">
/// Of its last invocation, nanoseconds since the Unix epoch: invocations of one agent follow each other.
/// </param>
/// <param name="Asks">Whether it bills one of them, and so wants to know what came before.</param>
/// <param name="First">After its first invocation.</param>
/// <param name="Last">After its last.</param>
internal readonly record struct TotalWord(ulong End, bool Asks, RunningTotal First, RunningTotal Last)
{
    private const string AsksMark = "?", TellsMark = ".";

    /// <summary>One line; those of one series are in the order of their ends as text.</summary>
    public override string ToString()
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"{End:D20} {(Asks ? AsksMark : TellsMark)} {Last}");
        return First == Last ? head : $"{head} {First}";
    }

    public static bool TryParse(string text, out TotalWord word)
    {
        word = default;
        var all = text.AsSpan();
        var parts = all.Split(' ');
        if (!parts.MoveNext() || !ulong.TryParse(all[parts.Current], NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            || !parts.MoveNext()) return false;
        var asks = all[parts.Current] is AsksMark;
        Span<long> counts = stackalloc long[2 * RunningTotal.Parts];
        var count = 0;
        for (; parts.MoveNext(); count++)
        {
            if (count == counts.Length) return false;
            var isNumber = long.TryParse(all[parts.Current], NumberStyles.None, CultureInfo.InvariantCulture, out counts[count]);
            if (!isNumber) return false;
        }
        if (count is not (RunningTotal.Parts or 2 * RunningTotal.Parts)) return false;
        var last = new RunningTotal(counts[..RunningTotal.Parts]);
        var first = count == RunningTotal.Parts ? last : new RunningTotal(counts[RunningTotal.Parts..]);
        word = new TotalWord(end, asks, first, last);
        return true;
    }
}
