using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>MLflow: usage as one JSON attribute.</summary>
internal static class MlFlow
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "mlflow",
        Rank = 270,
        Recognises = static span => span.Hinted(FingerprintHints.MlFlow),
    };
}
