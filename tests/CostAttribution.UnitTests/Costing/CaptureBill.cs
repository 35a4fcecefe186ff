using System.Text.Json;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Costing;

/// <summary>One billed call of the ground truth of a capture, in our kinds.</summary>
internal sealed record BilledCall(string Path, string Model, string ResponseModel, bool Stream, UsageVector Usage)
{
    public bool IsAnthropic => Path.EndsWith("/messages", StringComparison.Ordinal);
    public long OutputTotal => Usage.OutputTokens + Usage.ReasoningTokens;

    /// <summary>What the shipped cards ask for it.</summary>
    public Money Price()
    {
        CostBreakdown cost = default;
        var request = new PricingRequest
        {
            Provider = IsAnthropic ? "anthropic" : "openai", Model = ResponseModel, RequestModel = Model, Region = "",
            ServiceTier = "", EventTimeNanos = 1_795_392_000_000_000_000,
        };
        var usage = Usage;
        Pricer.Price(ToldRun.Shipped, in request, in usage, ref cost);
        Assert.Equal(PriceStatus.Priced, cost.Status);
        return cost.Cost;
    }

    /// <summary>
    /// Whether the row stands for the call: numbers differ from call to call. Cached and reasoning tokens may be hidden.
    /// </summary>
    public bool Matches(LedgerEntry row) =>
        OutputOf(row) == OutputTotal && row.Usage.InputTotal == Usage.InputTotal
        && row.Usage.CacheReadTokens <= Usage.CacheReadTokens
        && (row.RequestModel == Model || row.Model.StartsWith(Model, StringComparison.Ordinal));

    public static long OutputOf(LedgerEntry row) => row.Usage.OutputTokens + row.Usage.ReasoningTokens;

    public override string ToString() =>
        $"{Path} {Model} in={Usage.InputTokens} cr={Usage.CacheReadTokens} cw={Usage.CacheWriteTokens}+{Usage.CacheWrite1hTokens} "
        + $"out={Usage.OutputTokens} reason={Usage.ReasoningTokens}";
}

/// <summary>The provider's own account of the run that a capture recorded.</summary>
internal sealed record CaptureBill(IReadOnlyList<BilledCall> Calls, int Failures)
{
    public static CaptureBill Of(Capture capture)
    {
        var calls = new List<BilledCall>();
        var failures = 0;
        foreach (var line in File.ReadLines(capture.GroundTruthPath))
        {
            using var document = JsonDocument.Parse(line);
            var call = document.RootElement;
            if (call.GetProperty("billed").GetBoolean()) calls.Add(Read(call, call.GetProperty("usage")));
            else failures++;
        }
        return new CaptureBill(calls, failures);
    }

    /// <summary>
    /// Calls that the client never puts on a span. Traceloop's OpenAI package has none for embeddings; OpenAI's .NET clients
    /// trace neither streams nor embeddings.
    /// </summary>
    public static int Invisible(string client) => client switch { "traceloop" => 1, "dotnet-openai-anthropic" => 2, _ => 0 };

    /// <summary>
    /// Failed attempts that some span shows: those inside a client's own retry loop leave none, but for the HTTP spans of .NET.
    /// </summary>
    public static int VisibleFailures(string client) => client switch
    {
        "otel-openai" => 1, "vercel-ai6" => 2, "dotnet-openai-anthropic" => 2, _ => 0,
    };

    /// <summary>Traceloop makes up usage of OpenAI streams from the text; nothing on the span says so.</summary>
    public static bool IsEstimate(string client, LedgerEntry row) =>
        client == "traceloop" && row.Provider == "openai" && row.Usage.OutputTokens < 10;

    /// <summary>Each row with usage beside the call it stands for; no call stands for two rows.</summary>
    public List<(LedgerEntry Row, BilledCall Call, bool Estimated)> Pair(string client, IEnumerable<LedgerEntry> rows)
    {
        var open = Calls.ToList();
        var pairs = new List<(LedgerEntry, BilledCall, bool)>();
        foreach (var row in rows.Where(row => !row.Usage.IsZero))
        {
            var call = open.FirstOrDefault(call => call.Matches(row));
            var estimated = call is null && IsEstimate(client, row);
            if (estimated) call = open.First(call => call.Stream && call.OutputTotal >= BilledCall.OutputOf(row));
            Assert.True(call is not null, $"no billed call for {Testing.Costing.CostsText.Of(row)}");
            open.Remove(call);
            pairs.Add((row, call, estimated));
        }
        return pairs;
    }

    private static BilledCall Read(JsonElement call, JsonElement usage)
    {
        var input = Number(usage, "input_tokens") + Number(usage, "prompt_tokens");
        var output = Number(usage, "output_tokens") + Number(usage, "completion_tokens");
        var write = Number(usage, "cache_creation_input_tokens");
        var oneHour = Number(usage, "cache_creation", "ephemeral_1h_input_tokens");
        var cached = Number(usage, "prompt_tokens_details", "cached_tokens")
            + Number(usage, "input_tokens_details", "cached_tokens");
        var reasoning = Number(usage, "completion_tokens_details", "reasoning_tokens")
            + Number(usage, "output_tokens_details", "reasoning_tokens");
        return new BilledCall(call.GetProperty("path").GetString()!, call.GetProperty("model").GetString()!,
            call.GetProperty("responseModel").GetString()!, call.GetProperty("stream").ValueKind == JsonValueKind.True,
            new UsageVector
            {
                InputTokens = input - cached, CacheReadTokens = cached + Number(usage, "cache_read_input_tokens"),
                CacheWriteTokens = write - oneHour, CacheWrite1hTokens = oneHour, OutputTokens = output - reasoning,
                ReasoningTokens = reasoning,
            });
    }

    private static long Number(JsonElement usage, params string[] path)
    {
        foreach (var name in path)
        {
            if (usage.ValueKind != JsonValueKind.Object || !usage.TryGetProperty(name, out usage)) return 0;
        }
        return usage.ValueKind == JsonValueKind.Number ? usage.GetInt64() : 0;
    }
}
