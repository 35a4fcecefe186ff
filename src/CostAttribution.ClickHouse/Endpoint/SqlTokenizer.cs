namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>
/// Splits a query's text as ClickHouse's lexer does, as far as the guard needs: comments vanish, quoted parts are one token.
/// Anything it is not sure about ends in a refusal, never in a guess.
/// </summary>
internal sealed class SqlTokenizer
{
    private readonly string text;
    private readonly List<SqlToken> tokens = [];
    private int position;

    private SqlTokenizer(string text) => this.text = text;

    /// <summary>
    /// Throws <see cref="RefusedQueryException"/> for an unterminated quote or comment, or a character outside any token.
    /// </summary>
    public static IReadOnlyList<SqlToken> Split(string text)
    {
        var tokenizer = new SqlTokenizer(text);
        while (tokenizer.position < text.Length) tokenizer.Next();
        return tokenizer.tokens;
    }

    private char Current => text[position];
    private char Following => position + 1 < text.Length ? text[position + 1] : '\0';

    private void Next()
    {
        var letter = Current;
        if (char.IsWhiteSpace(letter)) position++;
        else if (letter == '-' && Following == '-') SkipLine();
        else if (letter == '#' && Following is ' ' or '!') SkipLine();
        else if (letter == '/' && Following == '*') SkipComment();
        else if (letter == '/' && Following == '/') SkipLine();
        else if (letter == '\'') Quoted('\'', SqlTokenKind.String);
        else if (letter is '`' or '"') Quoted(letter, SqlTokenKind.QuotedName);
        else if (letter == '$') throw new RefusedQueryException("dollar-quoted text is not accepted here: use quotes");
        else if (letter is '‘' or '’' or '“' or '”' or '−') throw new RefusedQueryException(
            $"the character {letter} is not accepted outside quotes");
        else if (char.IsAsciiLetter(letter) || letter == '_') Run(SqlTokenKind.Word, static c => char.IsAsciiLetterOrDigit(c)
            || c == '_');
        else if (char.IsAsciiDigit(letter)) Run(SqlTokenKind.Number, static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_');
        else if (letter < 0x80 && !char.IsControl(letter)) Add(SqlTokenKind.Sign, 1);
        else throw new RefusedQueryException("a character is not accepted outside quotes");
    }

    private void Quoted(char quote, SqlTokenKind kind)
    {
        for (var i = position + 1; i < text.Length; i++)
        {
            if (kind == SqlTokenKind.QuotedName && (text[i] == '\\' || char.IsControl(text[i])))
            {
                // The engine would unescape it; the guard reads names as they are.
                throw new RefusedQueryException("backslashes and control characters are not accepted in quoted names");
            }
            if (text[i] == '\\') i++;
            else if (text[i] == quote && i + 1 < text.Length && text[i + 1] == quote) i++;
            else if (text[i] == quote)
            {
                Add(kind, i + 1 - position);
                return;
            }
        }
        throw new RefusedQueryException("a quote is not closed");
    }

    private void SkipLine()
    {
        while (position < text.Length && Current != '\n') position++;
    }

    private void SkipComment()
    {
        var depth = 0;
        for (; position < text.Length; position++)
        {
            if (Current == '/' && Following == '*')
            {
                depth++;
                position++;
            }
            else if (Current == '*' && Following == '/')
            {
                position++;
                if (--depth > 0) continue;
                position++;
                return;
            }
        }
        throw new RefusedQueryException("a comment is not closed");
    }

    private void Run(SqlTokenKind kind, Func<char, bool> belongs)
    {
        var end = position + 1;
        while (end < text.Length && belongs(text[end])) end++;
        Add(kind, end - position);
    }

    private void Add(SqlTokenKind kind, int length)
    {
        tokens.Add(new SqlToken(kind, position, length));
        position += length;
    }
}
