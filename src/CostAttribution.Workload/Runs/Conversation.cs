using CostAttribution.Workload.Dialects;
using CostAttribution.Workload.Product;

namespace CostAttribution.Workload.Runs;

/// <summary>
/// The calls of one agent to one model: the prompt grows from turn to turn and its beginning comes from the cache where
/// provider and instrumentation have one. Retries are bounded and every attempt is a call of its own.
/// </summary>
internal sealed class Conversation(RunBuilder run, Dialect dialect, ServiceProfile service, ModelProfile model, int promptTokens)
{
    /// <summary>Attempts at one call before the caller gives up.</summary>
    public const int AttemptsMax = 4;

    /// <summary>Providers cache prefixes from this length on.</summary>
    private const int CachedPrefixTokensMin = 1024;

    private const int CacheStepTokens = 128;

    private long _prefixTokens = promptTokens;
    private int _turn;
    private bool _prefixCached;
    private readonly bool _longLived = run.Random.Chance(350);

    /// <summary>Attempts in a thousand that the provider refuses.</summary>
    public int RejectedPerMille { get; init; } = 25;

    /// <summary>Answers in a thousand that come without usable content, billed all the same.</summary>
    public int UnusablePerMille { get; init; } = 12;

    /// <summary>Calls in a thousand that stream and never report usage.</summary>
    public int NoUsagePerMille { get; init; } = 8;

    /// <summary>The provider is down: every attempt is refused.</summary>
    public bool Outage { get; init; }

    /// <summary>Makes one call under <paramref name="parent"/>, retrying; false when all attempts failed.</summary>
    public bool Ask(SimulatedSpan parent, AgentSpan? agent, int newTokens, int answerTokens)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (attempt > 0) run.Pass(150 << attempt, 250 << attempt);
            var outcome = NextOutcome();
            var usage = outcome is CallOutcome.Rejected or CallOutcome.NoUsage ? default : Use(newTokens, answerTokens);
            var stream = outcome == CallOutcome.NoUsage || run.Random.Chance(200);
            var id = outcome == CallOutcome.Rejected ? "" : ResponseId();
            var call = new ProviderCall(CallKind.Chat, model, usage, outcome, stream, id, _turn);
            dialect.Call(run, parent, service, call);
            agent?.Add(call);
            if (call.Failed) continue;
            _turn++;
            _prefixTokens += newTokens + answerTokens;
            return true;
        }
        return false;
    }

    private CallOutcome NextOutcome()
    {
        if (Outage || run.Random.Chance(RejectedPerMille)) return CallOutcome.Rejected;
        if (run.Random.Chance(UnusablePerMille)) return CallOutcome.Unusable;
        return run.Random.Chance(NoUsagePerMille) ? CallOutcome.NoUsage : CallOutcome.Answered;
    }

    private CallUsage Use(int newTokens, int answerTokens)
    {
        var output = run.Random.Between(Math.Max(1, answerTokens / 2), Math.Max(2, answerTokens * 3 / 2));
        var reasoning = model.Reasons && dialect.Kinds.HasFlag(UsageKinds.Reasoning)
            ? run.Random.Between(output / 4, output * 2)
            : 0;
        var input = newTokens + run.Random.Between(3, 60);
        var plain = new CallUsage(_prefixTokens + input, Output: output, Reasoning: reasoning);
        if (_prefixTokens < CachedPrefixTokensMin) return plain;
        if (model.WritesCache && dialect.Kinds.HasFlag(UsageKinds.CacheWrite)) return UseWrittenCache(input, output, reasoning);
        if (model.ReadsCacheUnasked && dialect.Kinds.HasFlag(UsageKinds.CacheRead) && (_turn > 0 || run.Random.Chance(300)))
        {
            var read = _prefixTokens / CacheStepTokens * CacheStepTokens;
            return new CallUsage(_prefixTokens - read + input, read, Output: output, Reasoning: reasoning);
        }
        return plain;
    }

    private CallUsage UseWrittenCache(long input, long output, long reasoning)
    {
        // Another run of the customer may have written the prefix already.
        if (_prefixCached || run.Random.Chance(400))
        {
            _prefixCached = true;
            var fresh = _turn > 0 ? _prefixTokens / 10 : 0;
            return Write(input, _prefixTokens - fresh, fresh, output, reasoning);
        }
        _prefixCached = true;
        return Write(input, 0, _prefixTokens, output, reasoning);
    }

    private CallUsage Write(long input, long read, long written, long output, long reasoning)
    {
        var longLived = _longLived && dialect.Kinds.HasFlag(UsageKinds.CacheWrite1h) ? written * 2 / 3 : 0;
        return new CallUsage(input, read, written - longLived, longLived, output, reasoning);
    }

    private string ResponseId() => model.Provider switch
    {
        Provider.Anthropic => "msg_" + run.Random.Hex(12),
        Provider.Gemini => run.Random.Hex(11),
        _ => "chatcmpl-" + run.Random.Hex(12),
    };
}
