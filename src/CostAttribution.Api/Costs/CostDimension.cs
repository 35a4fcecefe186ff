namespace CostAttribution.Api.Costs;

/// <summary>One thing costs can be grouped or filtered by.</summary>
/// <param name="Name">As in <c>groupBy</c> and in answers.</param>
/// <param name="Column">SQL over <c>cost_ledger</c>, and over <c>cost_hourly</c> when <paramref name="InRollup"/>.</param>
/// <param name="InRollup">False when only the ledger knows it.</param>
/// <param name="Description">For the reader of the OpenAPI document.</param>
internal sealed record CostDimension(string Name, string Column, bool InRollup, string Description)
{
    /// <summary>A row has several of the values; a filter takes it when one of them is wanted.</summary>
    public bool HoldsSeveral { get; init; }

    public string Example { get; init; } = "";

    /// <summary>The values there are; null when any text may occur.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }
}
