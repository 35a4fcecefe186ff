using System.Globalization;
using System.Text;

namespace CostAttribution.Ingest.Posting;

/// <summary>What the head of a quarantined posting's file tells an operator.</summary>
internal static class RefusedText
{
    private const int ReasonCharsMax = 2000;

    private const int TracesMax = 20;

    public static string Of(OutgoingPosting refused, IReadOnlyList<string> traces, EncodedPosting left, string table)
    {
        var reason = (refused.DependsOn ?? refused.Refusal!.Message).ReplaceLineEndings(" ");
        var text = new StringBuilder("a posting that the store refused; its bytes follow the first empty line\n");
        text.Append(CultureInfo.InvariantCulture, $"posting: {refused.Posting.PostingId}\n");
        text.Append(CultureInfo.InvariantCulture, $"traces: {string.Join(", ", traces.Take(TracesMax))}\n");
        text.Append(CultureInfo.InvariantCulture, $"refused by: {table}\n");
        if (refused.Refusal is { } fault) text.Append(CultureInfo.InvariantCulture, $"code: {fault.Code}\n");
        text.Append(CultureInfo.InvariantCulture, $"reason: {reason[..Math.Min(reason.Length, ReasonCharsMax)]}\n");
        var rows = left.Tables.Select(block => $"{block.Table} {block.Rows.ToString(CultureInfo.InvariantCulture)}");
        text.Append(CultureInfo.InvariantCulture, $"rows not in the store: {string.Join(", ", rows)}\n");
        return text.ToString();
    }
}
