namespace CostAttribution.Api.Requests;

/// <summary>What a parameter's text must be.</summary>
internal enum ParameterKind { Text, Time, Count, Amount, Zone, List, Opaque }

/// <summary>
/// One query parameter: the single source for its check, the text of its faults and its OpenAPI description.
/// </summary>
internal sealed record Parameter(string Name, ParameterKind Kind, string Description)
{
    public string? Example { get; init; }

    /// <summary>The value used when the parameter is not sent, in words; null when there is none.</summary>
    public string? Default { get; init; }

    /// <summary>The only values accepted; null when any may be sent.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>May be sent several times; the values are alternatives.</summary>
    public bool Repeatable { get; init; }

    /// <summary>An empty value has a meaning of its own.</summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>Ends in <c>*</c>: stands for every name with this prefix.</summary>
    public bool IsPrefix => Name.EndsWith('*');

    /// <summary>Bounds of a <see cref="ParameterKind.Count"/>.</summary>
    public int Min { get; init; } = 1;
    public int Max { get; init; } = int.MaxValue;

    public bool Matches(string name) =>
        IsPrefix ? name.Length >= Name.Length && name.StartsWith(Name.AsSpan(0, Name.Length - 1), StringComparison.Ordinal)
            : name == Name;
}
