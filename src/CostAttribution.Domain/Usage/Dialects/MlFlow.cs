using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>MLflow: usage as one JSON attribute.</summary>
internal static class MlFlow
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "mlflow",
        Recognises = static span => span.Hinted(FingerprintHints.MlFlow),
    };
}
