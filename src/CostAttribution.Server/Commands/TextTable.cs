namespace CostAttribution.Server.Commands;

/// <summary>Rows of texts under a head, in columns.</summary>
internal static class TextTable
{
    private const int CellCharsMax = 60;

    public static IEnumerable<string> Lines(string[] head, IReadOnlyList<string[]> rows)
    {
        var cells = rows.Prepend(head).Select(row => row.Select(Shown).ToArray()).ToArray();
        var widths = Enumerable.Range(0, head.Length).Select(column => cells.Max(row => row[column].Length)).ToArray();
        return cells.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    // Names come from spans: a control character among them must not reach a terminal.
    private static string Shown(string cell)
    {
        var text = string.Concat(cell.Select(letter => char.IsControl(letter) ? '·' : letter));
        return text.Length > CellCharsMax ? text[..(CellCharsMax - 1)] + "…" : text;
    }
}
