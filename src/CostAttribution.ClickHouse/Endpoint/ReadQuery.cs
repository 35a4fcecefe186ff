namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>A query's text after the first look at it: one reading statement, its FORMAT clause taken off.</summary>
/// <param name="Sql">The statement without FORMAT and without a final semicolon.</param>
/// <param name="Format">The format named in the text; null when it names none.</param>
/// <param name="IsExplain">Whether it explains instead of reading.</param>
internal sealed record ReadQuery(string Sql, string? Format, bool IsExplain)
{
    private static readonly HashSet<string> ShowForms = new(StringComparer.OrdinalIgnoreCase)
        { "TABLES", "DATABASES", "COLUMNS", "FIELDS", "CREATE", "INDEX", "INDEXES", "INDICES", "KEYS", "TABLE" };

    /// <summary>Throws <see cref="RefusedQueryException"/> when the text is anything but one reading statement.</summary>
    public static ReadQuery Parse(string text)
    {
        var tokens = SqlTokenizer.Split(text);
        var count = tokens.Count;
        while (count > 0 && Is(text, tokens[count - 1], ";")) count--;
        if (count == 0) throw new RefusedQueryException("empty query", RefusedQueryException.SyntaxError);
        CheckFirstWords(text, tokens, count);
        for (var i = 0; i < count; i++)
        {
            if (Is(text, tokens[i], ";")) throw new RefusedQueryException("only one statement at a time is accepted");
            var next = i + 1 < count ? tokens[i + 1] : default;
            if (Is(text, tokens[i], "INTO")
                && Is(text, next, "OUTFILE")) throw new RefusedQueryException("INTO OUTFILE is not accepted");
            if (Is(text, tokens[i], "FROM")
                && Is(text, next, "INFILE")) throw new RefusedQueryException("FROM INFILE is not accepted");
            if (Is(text, tokens[i], "PARALLEL")
                && Is(text, next, "WITH")) throw new RefusedQueryException("only one statement at a time is accepted");
            if (Is(text, tokens[i], ":") && Is(text, next,
                "Identifier")) throw new RefusedQueryException("parameters of type Identifier are not accepted");
        }

        string? format = null;
        var end = End(tokens[count - 1]);
        if (count >= 3 && Is(text, tokens[count - 2], "FORMAT") && tokens[count - 1].Kind == SqlTokenKind.Word)
        {
            format = Text(text, tokens[count - 1]);
            end = End(tokens[count - 3]);
        }
        return new ReadQuery(text[tokens[0].Start..end], format, Is(text, tokens[0], "EXPLAIN"));
    }

    private static void CheckFirstWords(string text, IReadOnlyList<SqlToken> tokens, int count)
    {
        var first = 0;
        while (first < count && Is(text, tokens[first], "(")) first++;
        var word = first < count ? Text(text, tokens[first]).ToUpperInvariant() : "";
        switch (word)
        {
            case "SELECT" or "WITH" or "FROM" or "DESCRIBE" or "DESC" or "EXISTS" or "EXPLAIN":
                return;
            case "SHOW":
                var form = first + 1 < count ? tokens[first + 1] : default;
                if (first + 2 < count && (Is(text, form, "FULL") || Is(text, form, "EXTENDED"))) form = tokens[first + 2];
                if (form.Kind == SqlTokenKind.Word && ShowForms.Contains(Text(text, form))) return;
                throw new RefusedQueryException("of SHOW only TABLES, DATABASES, COLUMNS, INDEX and CREATE are accepted");
            default:
                throw new RefusedQueryException("only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN are accepted: this " +
                    "endpoint is for reading", RefusedQueryException.ReadOnly);
        }
    }

    private static bool Is(string text, SqlToken token, string word) =>
        token.Length == word.Length && token.Kind is SqlTokenKind.Word or SqlTokenKind.Sign &&
        text.AsSpan(token.Start, token.Length).Equals(word, StringComparison.OrdinalIgnoreCase);

    private static string Text(string text, SqlToken token) => text.Substring(token.Start, token.Length);

    private static int End(SqlToken token) => token.Start + token.Length;
}
