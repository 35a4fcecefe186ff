using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Domain.Usage.Dialects;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Reads spans into <see cref="SpanFacts"/>: dialect, role, normalised usage, names. One per worker; not thread-safe.
/// </summary>
internal sealed class FactsReader
{
    private readonly Utf8Interner interner = new();
    private readonly SpanReading resourceReading = new();
    private readonly DialectTable dialects = new();
    private readonly ByReference<string, ModelName> models = new(ModelName.Parse);
    private readonly ByReference<string, (string Provider, string Seller)> providers =
        new(static raw => (ProviderNames.Canonical(raw), ProviderNames.SellerOf(raw)));
    private readonly ByReference<ResourceInfo, ResourceFacts> resources;
    private AttributionTable? attribution;

    public FactsReader() => resources = new ByReference<ResourceInfo, ResourceFacts>(ReadResource);

    /// <summary>The span read last; its dimension values are taken before the next.</summary>
    public SpanReading Reading { get; } = new();

    public void Use(AttributionTable table)
    {
        if (ReferenceEquals(attribution, table)) return;
        attribution = table;
        resources.Clear();
    }

    /// <param name="learned">Traits that other spans of the trace show for this one.</param>
    public void Read(TraceSpans trace, SpanRecord span, SpanFacts facts, SpanTraits learned)
    {
        var reading = Reading;
        reading.Read(span.Attributes, attribution!, interner);
        facts.SpanId = span.SpanId;
        facts.ParentSpanId = span.ParentSpanId;
        facts.Start = span.StartNanos;
        facts.End = span.EndNanos == 0 ? span.StartNanos : span.EndNanos;
        facts.Received = span.ReceivedNanos;
        facts.Kind = span.Kind;
        facts.Status = span.Status;
        facts.RecordFlags = span.Flags;
        facts.LinkCount = span.LinkCount;
        facts.Name = interner.Get(span.Name);
        facts.Scope = trace.ScopeOf(span);
        facts.Resource = resources.Of(trace.ResourceOf(span));
        facts.Flags = reading.Flags | FlagsOf(span.Flags);
        facts.Ownership = Ownership.None;
        facts.SupersededBy = -1;
        facts.Excess = default;
        ReadTexts(reading, facts);
        reading.Traits |= facts.Resource.Traits | TraitsOf(facts, reading) | learned;
        facts.Traits = reading.Traits;
        facts.Dialect = reading.Dialect = dialects.Of(facts.Scope, reading.Traits, span.Hints);
        ReadCall(reading, facts);
    }

    private void ReadCall(SpanReading reading, SpanFacts facts)
    {
        if (facts.Dialect.Id.Length == 0)
        {
            facts.Role = SpanRole.Other;
            facts.Usage = default;
            facts.Provider = facts.Seller = "";
            facts.ResponseModel = facts.RequestModel = ModelName.None;
            facts.Operation = "";
            facts.IsStep = false;
            return;
        }
        ReadModels(reading, facts);
        ReadProvider(reading, facts);

        var provider = facts.Provider.Length > 0 ? facts.Provider : facts.Model.Provider;
        UsageNormaliser.Normalise(reading, facts.Scope, facts.Name, ProviderNames.ClassOf(provider, facts.Model.Family),
            ref facts.Usage, ref facts.Flags);
        facts.Role = RoleRules.RoleOf(reading, facts.Name, facts.Usage.HasUsage, ref facts.Flags);
        if (IsSuperfluous(reading))
        {
            // Another span tells the same call: as a call of its own it would lack its usage.
            facts.Usage = default;
            facts.Role = SpanRole.Other;
        }
        if (facts.Role is SpanRole.Tool or SpanRole.Other) DropUsage(facts);
        if (facts.Role == SpanRole.NonBillable) KeepUnitsOnly(facts);
        if (facts.Role == SpanRole.Container) facts.ResponseId = "";
        facts.Operation = Operations.Of(reading, facts.Role);
        facts.IsStep = facts.Role == SpanRole.Tool || (facts.Role == SpanRole.Container
            && (Operations.IsStep(facts.Operation) || reading.Text(TextSlot.TraceloopKind) == "task"));
    }

    // Tokens there are a repeat of some call's. A tool's cost may be its own; of any other span nobody knows what it is for.
    private static void DropUsage(SpanFacts facts)
    {
        var cost = facts.Usage.Cost;
        facts.Usage = default;
        if (cost is not { IsZero: false }) return;
        if (facts.Role == SpanRole.Tool) facts.Usage.Cost = cost;
        else facts.Flags |= SpanFlags.CostNotBilled;
    }

    // Free and counting endpoints repeat tokens; a vector query's own units are billed.
    private static void KeepUnitsOnly(SpanFacts facts)
    {
        facts.ResponseId = "";
        var units = Array.FindAll(facts.Usage.Vector.OtherUnits ?? [],
            static unit => unit.Unit is UsageUnits.VectorReadUnits or UsageUnits.VectorWriteUnits);
        var billed = units.Length > 0;
        var cost = facts.Usage.Cost;
        facts.Usage = default;
        if (!billed)
        {
            if (cost is { IsZero: false }) facts.Flags |= SpanFlags.CostNotBilled;
            return;
        }
        facts.Role = SpanRole.Leaf;
        facts.Usage = new ReportedUsage { RawInput = -1, Parts = UsageParts.OtherUnits,
            Vector = new UsageVector { OtherUnits = units } };
    }

    private static bool IsSuperfluous(SpanReading reading) =>
        (reading.Traits & SpanTraits.SkipAccumulation) != 0 || reading.Text(TextSlot.LogfireType) == "pending_span";

    private static void ReadTexts(SpanReading reading, SpanFacts facts)
    {
        facts.ResponseId = reading.Text(TextSlot.ResponseId);
        facts.FinishReason = reading.Text(TextSlot.FinishReason);
        facts.ErrorType = reading.Text(TextSlot.ErrorType);
        facts.ServerAddress = reading.Text(TextSlot.ServerAddress);
        facts.ToolName = reading.Text(TextSlot.ToolName);
        facts.StepName = reading.Text(TextSlot.StepName);
        facts.HttpRoute = reading.Text(TextSlot.HttpRoute);
        facts.RunId = reading.Text(TextSlot.RunId);
        facts.ProviderProject = reading.Text(TextSlot.Workspace);
        facts.ProviderKey = reading.Text(TextSlot.ProviderKey);
        facts.Account = reading.Text(TextSlot.Account);
        facts.Geography = reading.Text(TextSlot.Geography);
        facts.Endpoint = reading.Text(TextSlot.Endpoint);
        facts.Speed = reading.Text(TextSlot.Speed);
        facts.HttpStatus = reading.Number(NumberSlot.HttpStatus);
        facts.Attempt = (int)Math.Min(reading.Number(NumberSlot.Attempt), ushort.MaxValue);
        var tier = reading.Text(TextSlot.ResponseTier);
        var asked = reading.Text(TextSlot.RequestTier);
        facts.ServiceTier = tier.Length > 0 ? tier : asked == "auto" ? "" : asked;
        facts.TierAsked = tier.Length == 0 && asked == "auto";
    }

    private void ReadModels(SpanReading reading, SpanFacts facts)
    {
        var answered = reading.Text(TextSlot.ResponseModel);
        var asked = reading.Text(TextSlot.RequestModel);
        var either = reading.Text(TextSlot.AnyModel);
        // OpenInference puts the response's model under the name that may also mean the request's.
        if (asked.Length == 0 && either.Length > 0 && reading.Text(TextSlot.InvokedModel) is { Length: > 0 } invoked)
            (asked, answered) = (invoked, answered.Length > 0 ? answered : either);
        facts.ResponseModel = Model(answered);
        facts.RequestModel = Model(asked.Length > 0 ? asked : either);
    }

    private void ReadProvider(SpanReading reading, SpanFacts facts)
    {
        facts.Provider = facts.Seller = "";
        foreach (var slot in ProviderOrder)
        {
            var raw = reading.Text(slot);
            if (raw.Length == 0) continue;
            var (provider, seller) = providers.Of(raw);
            if (facts.Seller.Length == 0) facts.Seller = seller;
            if (facts.Provider.Length == 0) facts.Provider = provider;
        }
    }

    private static readonly TextSlot[] ProviderOrder =
    [
        TextSlot.LiteLlmProvider, TextSlot.ProviderName, TextSlot.LlmProvider, TextSlot.System, TextSlot.AiModelProvider,
            TextSlot.LlmVendor,
        TextSlot.LlmSystem, TextSlot.MlFlowProvider,
    ];

    private static SpanTraits TraitsOf(SpanFacts facts, SpanReading reading)
    {
        var traits = SpanTraits.None;
        if (reading.Text(TextSlot.ProviderName) == "strands-agents" || reading.Text(TextSlot.System) == "strands-agents")
            traits |= SpanTraits.StrandsProvider | SpanTraits.GenAi;
        if (reading.Text(TextSlot.System) == "az.ai.inference") traits |= SpanTraits.AzureInferenceSystem;
        if (reading.Text(TextSlot.Operation) == "agent_step") traits |= SpanTraits.AgentStepOperation;
        if (facts.Name.StartsWith("claude_code.", StringComparison.Ordinal)) traits |= SpanTraits.ClaudeCodeName;
        if (facts.Name is "litellm_request" or "raw_gen_ai_request" or "Received Proxy Server Request")
            traits |= SpanTraits.LiteLlmName;
        return traits;
    }

    private static SpanFlags FlagsOf(SpanRecordFlags record)
    {
        var flags = SpanFlags.None;
        if ((record & SpanRecordFlags.EndBeforeStart) != 0) flags |= SpanFlags.EndBeforeStart;
        if ((record & SpanRecordFlags.ValueTruncated) != 0) flags |= SpanFlags.ValueTruncated;
        if ((record & (SpanRecordFlags.AttributesOverLimit | SpanRecordFlags.SenderDroppedAttributes)) != 0)
            flags |= SpanFlags.AttributesOverLimit;
        if ((record & SpanRecordFlags.Sampled) != 0) flags |= SpanFlags.Sampled;
        if ((record & SpanRecordFlags.BadStructuredValue) != 0) flags |= SpanFlags.BadValue;
        if ((record & SpanRecordFlags.UnknownUsageLine) != 0) flags |= SpanFlags.UsageLineUnknown;
        return flags;
    }

    private ResourceFacts ReadResource(ResourceInfo resource)
    {
        resourceReading.Read(resource.Attributes, attribution!, interner);
        var dimensions = new string?[attribution!.SlotCount];
        resourceReading.CopyDimensions(dimensions);
        var traits = resource.ServiceName switch
        {
            "claude-platform" => SpanTraits.ClaudePlatformService,
            "openrouter" => SpanTraits.OpenRouterService,
            "github-copilot" => SpanTraits.CopilotService,
            _ => SpanTraits.None,
        };
        foreach (var attribute in resource.Attributes)
        {
            if (attribute.Key != KnownKeys.TelemetrySdkName) continue;
            if (attribute.Utf8.SequenceEqual("openlit"u8)) traits |= SpanTraits.OpenLitSdk;
        }
        return new ResourceFacts(resource.ServiceName, traits, dimensions, resource.Hash);
    }

    private ModelName Model(string raw) => raw.Length == 0 ? ModelName.None : models.Of(raw);
}
