using System.Text.Json;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.EndToEnd.Intake;

/// <summary>What the provider of a capture billed, added up: nothing in the ledger may be above it.</summary>
/// <param name="Input">Input tokens of all kinds.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
internal sealed record Bill(long Calls, long Failures, long Input, long CacheRead, long CacheWrite, long Output, long Reasoning)
{
    public static Bill Of(Capture capture)
    {
        var bill = new Bill(0, 0, 0, 0, 0, 0, 0);
        foreach (var line in File.ReadLines(capture.GroundTruthPath))
        {
            var call = JsonElement.Parse(line);
            if (!call.GetProperty("billed").GetBoolean())
            {
                bill = bill with { Failures = bill.Failures + 1 };
                continue;
            }
            bill = bill.Plus(call.GetProperty("usage"));
        }
        return bill;
    }

    private Bill Plus(JsonElement usage)
    {
        var read = Number(usage, "cache_read_input_tokens");
        var write = Number(usage, "cache_creation_input_tokens");
        var cached = Number(usage, "prompt_tokens_details", "cached_tokens") + Number(usage, "input_tokens_details", "cached_tokens");
        return this with
        {
            Calls = Calls + 1,
            // Anthropic's input count leaves cached tokens out, OpenAI's has them in it.
            Input = Input + Number(usage, "input_tokens") + Number(usage, "prompt_tokens") + read + write,
            CacheRead = CacheRead + read + cached,
            CacheWrite = CacheWrite + write,
            Output = Output + Number(usage, "output_tokens") + Number(usage, "completion_tokens"),
            Reasoning = Reasoning + Number(usage, "completion_tokens_details", "reasoning_tokens") + Number(usage, "output_tokens_details", "reasoning_tokens"),
        };
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
