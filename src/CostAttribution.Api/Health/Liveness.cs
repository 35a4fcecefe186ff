namespace CostAttribution.Api.Health;

/// <summary>The process is up.</summary>
/// <param name="Status">live.</param>
public sealed record Liveness(string Status);
