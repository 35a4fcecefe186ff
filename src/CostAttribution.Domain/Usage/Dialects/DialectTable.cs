using System.Reflection;
using System.Runtime.CompilerServices;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Recognises dialects; the first in the list wins. Remembers what it decided, since spans of one scope look alike. Not
/// thread-safe: one per worker.
/// </summary>
internal sealed class DialectTable
{
    /// <summary>Remembered fingerprints; when more are seen, remembering starts anew.</summary>
    private const int RememberedMax = 4096;

    private const SpanTraits Telling =
        SpanTraits.GenAi | SpanTraits.GenAiUsage | SpanTraits.AiOperation | SpanTraits.OpenInferenceKind
        | SpanTraits.TraceloopKind | SpanTraits.LlmRequestType | SpanTraits.UnderscoreCache | SpanTraits.LegacyGoNames
        | SpanTraits.SpringKind | SpanTraits.TextNumbers | SpanTraits.StrandsProvider | SpanTraits.AgentStepOperation
        | SpanTraits.ClaudeCodeName | SpanTraits.LiteLlmName | SpanTraits.ClaudePlatformService | SpanTraits.OpenRouterService
        | SpanTraits.CopilotService | SpanTraits.OpenLitSdk | SpanTraits.LangfuseObservation
        | SpanTraits.LoongSuiteKind | SpanTraits.Judgment | SpanTraits.AzureInferenceSystem | SpanTraits.ModelProviderName;

    private const int RecentMax = 256;

    private readonly Dictionary<Fingerprint, Dialect> remembered = [];
    private readonly (Fingerprint Of, Dialect? Dialect)[] recents = new (Fingerprint, Dialect?)[RecentMax];

    /// <summary>No GenAI span.</summary>
    public static Dialect None { get; } = new() { Id = "", Rank = 0, Recognises = static _ => false };

    /// <summary>Every dialect of this namespace, in order of recognition.</summary>
    public static IReadOnlyList<Dialect> All { get; } =
    [
        .. typeof(DialectTable).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(DialectTable).Namespace && type != typeof(DialectTable))
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static))
            .Where(property => property.PropertyType == typeof(Dialect))
            .Select(property => (Dialect)property.GetValue(null)!)
            .OrderBy(dialect => dialect.Rank),
    ];

    public Dialect Of(ScopeInfo scope, SpanTraits traits, FingerprintHints hints)
    {
        var fingerprint = new Fingerprint(scope, traits & Telling, hints);
        ref var recent = ref recents[SlotOf(fingerprint)];
        if (recent.Dialect is not null && ReferenceEquals(recent.Of.Scope, scope) && recent.Of.Traits == fingerprint.Traits
            && recent.Of.Hints == hints) return recent.Dialect;
        var dialect = Remembered(fingerprint);
        recent = (fingerprint, dialect);
        return dialect;
    }

    private static int SlotOf(in Fingerprint fingerprint)
    {
        var traits = (uint)fingerprint.Traits;
        var hash = (uint)RuntimeHelpers.GetHashCode(fingerprint.Scope) ^ traits ^ (traits >> 16) ^ (uint)fingerprint.Hints;
        return (int)(hash & (RecentMax - 1));
    }

    private Dialect Remembered(Fingerprint fingerprint)
    {
        if (remembered.TryGetValue(fingerprint, out var known)) return known;
        if (remembered.Count >= RememberedMax) remembered.Clear();
        return remembered[fingerprint] = Recognise(fingerprint);
    }

    private static Dialect Recognise(Fingerprint fingerprint)
    {
        foreach (var dialect in All)
        {
            if (dialect.Recognises(fingerprint)) return dialect;
        }
        return None;
    }
}
