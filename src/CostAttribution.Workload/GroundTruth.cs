using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload;

/// <summary>Whose calls they were, and to which model.</summary>
/// <param name="Customer">Empty when no span of the run says.</param>
/// <param name="Model">The model that answered, or the requested one when none did; without a region prefix.</param>
public readonly record struct TruthKey(string Customer, string Feature, string Workflow, string Model);

/// <summary>What the provider did and used, in the ledger's disjoint kinds. Only usage that reaches a span is in it.</summary>
public sealed record TruthTotals
{
    public long Calls { get; set; }
    public long FailedCalls { get; set; }

    /// <summary>Calls among <see cref="Calls"/> whose usage no span carries.</summary>
    public long UsageMissingCalls { get; set; }
    public long InputTokens { get; set; }
    public long CacheReadTokens { get; set; }

    /// <summary>Five minutes or unknown time to live.</summary>
    public long CacheWriteTokens { get; set; }
    public long CacheWrite1hTokens { get; set; }
    public long OutputTokens { get; set; }
    public long ReasoningTokens { get; set; }

    internal void Add(TruthTotals other)
    {
        Calls += other.Calls;
        FailedCalls += other.FailedCalls;
        UsageMissingCalls += other.UsageMissingCalls;
        InputTokens += other.InputTokens;
        CacheReadTokens += other.CacheReadTokens;
        CacheWriteTokens += other.CacheWriteTokens;
        CacheWrite1hTokens += other.CacheWrite1hTokens;
        OutputTokens += other.OutputTokens;
        ReasoningTokens += other.ReasoningTokens;
    }
}

/// <summary>Runs of one workflow by how they ended.</summary>
public readonly record struct TruthRuns(long Completed, long Failed)
{
    public long Total => Completed + Failed;
}

/// <summary>
/// What really happened, recorded where the simulated calls are made and independent of anything that reads spans. Complete
/// once the generator's sequence has been read to its end.
/// </summary>
public sealed class GroundTruth
{
    private readonly Dictionary<TruthKey, TruthTotals> _rows = [];
    private readonly Dictionary<string, TruthRuns> _runs = [];

    public IReadOnlyDictionary<TruthKey, TruthTotals> Rows => _rows;

    /// <summary>By workflow name.</summary>
    public IReadOnlyDictionary<string, TruthRuns> Runs => _runs;

    public long Traces { get; private set; }

    /// <summary>Spans sent, each counted once.</summary>
    public long Spans { get; private set; }

    /// <summary>Spans sent again.</summary>
    public long DuplicateSpans { get; private set; }

    /// <summary>Sums over the rows with the same value of <paramref name="dimension"/>.</summary>
    public Dictionary<string, TruthTotals> By(Func<TruthKey, string> dimension)
    {
        var totals = new Dictionary<string, TruthTotals>();
        foreach (var (key, row) in _rows)
        {
            var name = dimension(key);
            if (!totals.TryGetValue(name, out var total)) totals[name] = total = new TruthTotals();
            total.Add(row);
        }
        return totals;
    }

    public TruthTotals Total()
    {
        var total = new TruthTotals();
        foreach (var row in _rows.Values) total.Add(row);
        return total;
    }

    internal void Record(TruthKey key, ProviderCall call)
    {
        if (!_rows.TryGetValue(key, out var row)) _rows[key] = row = new TruthTotals();
        if (call.Outcome == CallOutcome.Rejected)
        {
            row.FailedCalls++;
            return;
        }
        row.Calls++;
        if (call.Outcome == CallOutcome.NoUsage)
        {
            row.UsageMissingCalls++;
            return;
        }
        row.InputTokens += call.Usage.Input;
        row.CacheReadTokens += call.Usage.CacheRead;
        row.CacheWriteTokens += call.Usage.CacheWrite5m;
        row.CacheWrite1hTokens += call.Usage.CacheWrite1h;
        row.OutputTokens += call.Usage.Output;
        row.ReasoningTokens += call.Usage.Reasoning;
    }

    internal void RecordRun(string workflow, bool completed)
    {
        Traces++;
        var runs = _runs.GetValueOrDefault(workflow);
        _runs[workflow] = completed ? runs with { Completed = runs.Completed + 1 } : runs with { Failed = runs.Failed + 1 };
    }

    internal void RecordSent(int spans, bool duplicate)
    {
        if (duplicate) DuplicateSpans += spans;
        else Spans += spans;
    }
}
