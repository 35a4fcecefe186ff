namespace CostAttribution.ClickHouse.Transport;

/// <summary>
/// An address as logs and messages may show it: scheme, host and port. User, password, path and query may hold secrets.
/// </summary>
public static class ShownAddress
{
    public static string Of(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <summary>For text that may be no address at all: what could hold a secret is left out.</summary>
    public static string Of(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https") return Of(address);
        var shown = text.Split('?')[0];
        var at = shown.LastIndexOf('@');
        return at < 0 ? shown : "…" + shown[at..];
    }
}
