namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Plain OpenTelemetry GenAI conventions, any release.</summary>
internal static class Semconv
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "semconv",
        Rank = 450,
        Recognises = static span => span.Has(SpanTraits.GenAi),
        Hides = Hidden,
    };

    /// <summary>The conventions have names for cached tokens since 1.40 and for reasoning since 1.41.</summary>
    private static HiddenParts Hidden(CountingQuestion question)
    {
        if (question.Provider == ProviderClass.Other) return HiddenParts.None;
        if (SchemaVersion.TryRead(question.Scope.SchemaUrl, out var version))
        {
            if (version.CompareTo((1, 41)) >= 0) return HiddenParts.None;
            return version.CompareTo((1, 40)) >= 0 ? HiddenParts.Reasoning : question.Details;
        }
        // Without a schema, names that went out of use in 1.27 or 1.37 tell an older release.
        var isOld = question.Reading.Text(TextSlot.System).Length > 0 && question.Reading.Text(TextSlot.ProviderName).Length == 0;
        return isOld ? question.Details : HiddenParts.None;
    }
}
