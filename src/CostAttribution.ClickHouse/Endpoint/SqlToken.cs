namespace CostAttribution.ClickHouse.Endpoint;

internal enum SqlTokenKind : byte { Word, QuotedName, String, Number, Sign }

/// <summary>One token of a query's text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Offset in the text.</param>
/// <param name="Length">Characters, quotes included.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length);
