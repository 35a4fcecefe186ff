using CostAttribution.Domain.Identity;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Which trace's total each trace of a series of agent totals continues: by what they say alone, whatever came first.
/// </summary>
public static class SeriesOrder
{
    /// <summary>By trace, the word before its own; an empty one for what starts at nothing.</summary>
    public static Dictionary<TraceId, (TraceId Source, string Word)> Of(IEnumerable<(TraceId Source, string Word)> words)
    {
        (TraceId Source, string Word)[] sorted = [.. words];
        Array.Sort(sorted, Compare);
        var open = new OpenTotals();
        var before = new Dictionary<TraceId, (TraceId Source, string Word)>(sorted.Length);
        for (var i = 0; i < sorted.Length; i++)
        {
            if (!TotalWord.TryParse(sorted[i].Word, out var word)) continue;
            var place = open.Continue(word.First);
            before[sorted[i].Source] = place < 0 ? (default, "") : sorted[place];
            open.Add(word.Last, i);
        }
        return before;
    }

    /// <summary>By the time of the last invocation, with which words begin.</summary>
    public static int Compare((TraceId Source, string Word) left, (TraceId Source, string Word) right) =>
        string.CompareOrdinal(left.Word, right.Word) is not 0 and var order ? order : left.Source.CompareTo(right.Source);

    /// <summary>Whether a total is rather continued than another, which may be none.</summary>
    public static bool IsNearer(string word, string? other) => TotalWord.TryParse(word, out var total)
        && (!TotalWord.TryParse(other ?? "", out var otherTotal) || total.Last.Sum > otherTotal.Last.Sum);

    /// <summary>Whether the trace with this word bills a total, and so hangs on what came before.</summary>
    public static bool Asks(string word) => TotalWord.TryParse(word, out var total) && total.Asks;
}
