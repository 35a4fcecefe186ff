namespace CostAttribution.Api.Problems;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Field">The parameter at fault, as sent.</param>
/// <param name="Detail">What is wrong and what would be right, to be read after the field's name.</param>
public sealed record Fault(string Field, string Detail)
{
    private const int ShownCharsMax = 100;

    /// <summary>The value at fault, shortened when long.</summary>
    public string? Value { get; init; }

    /// <summary>The nearest thing that would have been accepted.</summary>
    public string? DidYouMean { get; init; }

    /// <summary>Everything that would have been accepted, when that is a list.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }

    internal static string Shown(string text) => text.Length <= ShownCharsMax ? text
        : string.Concat(text.AsSpan(0, ShownCharsMax), "…");
}
