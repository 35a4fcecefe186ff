namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>The endpoint does not run this query. Shown to the client under ClickHouse's code for it.</summary>
internal sealed class RefusedQueryException(string message, int code = RefusedQueryException.AccessDenied) : Exception(message)
{
    public const int SyntaxError = 62;
    public const int UnknownDatabase = 81;
    public const int ReadOnly = 164;
    public const int QueryTooLarge = 62;
    public const int TooManyQueries = 202;
    public const int AccessDenied = 497;
    public const int AuthenticationFailed = 516;

    public int Code { get; } = code;
}
