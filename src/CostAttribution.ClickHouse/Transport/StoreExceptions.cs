namespace CostAttribution.ClickHouse.Transport;

/// <summary>The engine refused or failed a statement and said why. The statement had no lasting effect.</summary>
public sealed class ClickHouseException(int code, string message) : Exception(message)
{
    /// <summary>ClickHouse error code, for example 60 for an unknown table; 0 when none was given.</summary>
    public int Code { get; } = code;

    /// <summary>
    /// The values were refused, not the statement, the user or the moment: other rows may be taken while these are not.
    /// </summary>
    public bool IsAboutContent => ClickHouseErrors.IsAboutContent(Code);
}

/// <summary>The store could not be reached, or the outcome of a statement is unknown. May be tried again.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
