namespace CostAttribution.Api;

/// <summary>
/// Bounds of requests and answers. Passing one on the way in is a problem that says so; on the way out, <c>truncated</c>.
/// </summary>
internal static class ApiLimits
{
    /// <summary>Query string, in characters after the question mark.</summary>
    public const int QueryStringCharsMax = 16 * 1024;

    /// <summary>Values in one query string, over all parameters.</summary>
    public const int ValuesMax = 200;

    /// <summary>Values of one repeatable parameter.</summary>
    public const int ValuesPerParameterMax = 100;

    /// <summary>One value, in characters. Longer values are cut when spans are stored, so they could never match.</summary>
    public const int ValueCharsMax = 1024;

    /// <summary>Faults listed in one problem.</summary>
    public const int FaultsMax = 50;

    /// <summary>Dimensions in one <c>groupBy</c>.</summary>
    public const int GroupByMax = 8;

    public const int CostRowsDefault = 1000;
    public const int CostRowsMax = 10_000;

    /// <summary>Usage without a price read for one report: units of calls alike, by day.</summary>
    public const int UnpricedPartsMax = 50_000;

    public const int RunsDefault = 50;
    public const int RunsMax = 1000;

    /// <summary>Spans shown in one run.</summary>
    public const int RunSpansMax = 10_000;

    /// <summary>Ledger rows read for one run.</summary>
    public const int RunRowsMax = 50_000;

    /// <summary>Ledger rows shown for one span.</summary>
    public const int SpanRowsMax = 1000;

    /// <summary>Levels of nesting in a span tree; spans below hang on the last level and keep their own parent id.</summary>
    public const int TreeLevelsMax = 100;

    /// <summary>Spans of a trace read when an inherited value is traced to its span; beyond, the span is not named.</summary>
    public const int AncestorSpansMax = 20_000;
}
