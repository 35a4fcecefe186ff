namespace CostAttribution.Domain.Costing;

/// <summary>A value that all who have one agree on.</summary>
internal struct Agreed
{
    private string? value;

    public bool Several { get; private set; }

    /// <summary>Empty when nobody has one, and when there are several.</summary>
    public readonly string Value => Several ? "" : value ?? "";

    public void Add(string candidate)
    {
        if (candidate.Length == 0) return;
        if (value is null) value = candidate;
        else Several |= value != candidate;
    }
}
