namespace CostAttribution.Simulation.Checks;

/// <summary>What a comparison found; only the first few are told.</summary>
internal sealed class Findings
{
    private const int ToldMax = 8;

    private readonly List<string> found = [];

    public int Count => found.Count;

    public void Add(string text) => found.Add(text);

    public void Expect(bool holds, Func<string> otherwise)
    {
        if (!holds) found.Add(otherwise());
    }

    public override string ToString() => string.Join(Environment.NewLine, found.Take(ToldMax))
        + (found.Count > ToldMax ? $"{Environment.NewLine}and {found.Count - ToldMax} more" : "");
}
