using System.Globalization;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Server.Commands;

/// <summary>Refused postings for people to read.</summary>
internal static class QuarantineText
{
    private const int TracesShownMax = 100;

    public static IEnumerable<string> List(IReadOnlyList<RefusedPosting> postings)
    {
        if (postings.Count == 0)
        {
            yield return "nothing is in quarantine";
            yield break;
        }
        foreach (var posting in postings)
        {
            yield return Head(posting);
            yield return $"  {Reason(posting)}";
        }
        yield return Text($"{postings.Count} refused postings; show ID tells more, post ID posts again once the cause is gone");
    }

    public static IEnumerable<string> Show(RefusedPosting posting)
    {
        yield return Head(posting);
        yield return $"  {Reason(posting)}";
        if (posting.Fault.Length > 0) yield break;
        yield return $"  not in the store: {string.Join(", ", posting.Rows.Select(rows => Text($"{rows.Key} {rows.Value}")))}";
        foreach (var trace in posting.Traces.Take(TracesShownMax))
        {
            var when = trace is { From: { } from, To: { } to }
                ? Text($", {from:yyyy-MM-ddTHH:mm:ss.fffZ} to {to:yyyy-MM-ddTHH:mm:ss.fffZ}") : "";
            yield return Text($"  trace {trace.TraceId}: {trace.Spans} spans, {trace.LedgerRows} ledger rows, ")
                + Text($"{trace.Cost} USD{when}");
        }
        if (posting.Traces.Count > TracesShownMax)
            yield return Text($"  and {posting.Traces.Count - TracesShownMax} more; --json lists all");
    }

    public static string Result(RefusedResult result) => result.Outcome switch
    {
        RefusedOutcome.Posted when result.Rows == 0 => $"{result.PostingId}: the ledger has all of it, nothing was missing",
        RefusedOutcome.Posted => Text($"{result.PostingId}: posted, {result.Rows} ledger rows"),
        RefusedOutcome.RefusedAgain => $"{result.PostingId}: refused again; {result.Why}",
        RefusedOutcome.Waiting => $"{result.PostingId}: waits; {result.Why}",
        _ => $"{result.PostingId}: left as it is; {result.Why}",
    };

    private static string Head(RefusedPosting posting)
    {
        var when = posting.PostedAt is { } at ? Text($" of {at:yyyy-MM-ddTHH:mm:ssZ}") : "";
        return Text($"{posting.PostingId}{when}: {posting.TraceCount} traces, {posting.Spans} spans, {posting.Cost} USD, ")
            + Text($"{posting.Bytes} bytes");
    }

    private static string Reason(RefusedPosting posting) => posting.Fault.Length > 0 ? $"cannot be read: {posting.Fault}"
        : posting.Code is { } code ? Text($"refused by {posting.RefusedBy}, code {code}: {posting.Reason}")
        : $"not sent: {posting.Reason}";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
