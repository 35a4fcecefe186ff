namespace CostAttribution.Domain.Attribution;

/// <summary>A name that a model is deployed under, as on Azure, where spans may carry nothing else.</summary>
public sealed class DeploymentOptions
{
    /// <summary>Canonical provider id of the calls; empty for any.</summary>
    public string Provider { get; set; } = "";

    /// <summary>The deployment's name as clients send it; upper and lower case are the same.</summary>
    public string Name { get; set; } = "";

    /// <summary>The model behind it, as rate cards name it.</summary>
    public string Model { get; set; } = "";
}
