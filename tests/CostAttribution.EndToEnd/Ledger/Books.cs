using CostAttribution.Domain.Pricing;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.Testing.Pricing;
using CostAttribution.Workload;

namespace CostAttribution.EndToEnd.Ledger;

/// <summary>
/// Holds what a store says against what the simulated providers really did: by every dimension, to the picodollar, in the
/// ledger, in the rollup and in the runs, and no entry twice.
/// </summary>
internal static class Books
{
    private static readonly (string Column, Func<TruthKey, string> Of)[] Dimensions =
    [
        ("customer_id", key => key.Customer), ("feature_id", key => key.Feature), ("model", key => key.Model), ("workflow", key => key.Workflow),
    ];

    /// <summary>
    /// A rate card file that prices the workload's models by <see cref="TestRates"/> and nothing else: contract before list.
    /// </summary>
    public static string RateCards(TempDirectory directory)
    {
        var cards = Directory.CreateDirectory(Path.Combine(directory.Path, "cards")).FullName;
        var contract = TestRates.Yaml.Replace("format: 1\n", "format: 1\nlayer: contract\n", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(cards, "contract.yaml"), contract + """
              - id: test/rerank
                provider: cohere
                match: [{ equals: "rerank-v3.5" }]
                free: true

            """);
        return cards;
    }

    /// <summary>Every difference, a line each; empty when all is exactly right.</summary>
    public static async Task<IReadOnlyList<string>> DifferencesAsync(SqlClient sql, GroundTruth truth)
    {
        var found = new List<string>();
        foreach (var (column, of) in Dimensions)
        {
            Compare($"ledger by {column}", Expected(truth, of), (await LedgerAsync(sql, column)).Select(Padded), found);
        }
        await CompareRollupAsync(sql, found);
        await CompareRunsAsync(sql, found);
        foreach (var (rule, query) in Rules)
            foreach (var broken in await sql.QueryAsync(query)) found.Add($"{rule}: {broken}");
        return found;
    }

    private static readonly (string Rule, string Sql)[] Rules =
    [
        ("a cost item must stand once or not at all",
            "SELECT trace_id, span_id, cost_item, sum(sign) AS standing FROM cost_ledger GROUP BY ALL HAVING standing NOT IN (0, 1) ORDER BY ALL LIMIT 10"),
        ("an entry id must occur once",
            "SELECT hex(entry_id), count() AS rows FROM cost_ledger GROUP BY entry_id HAVING rows > 1 ORDER BY ALL LIMIT 10"),
        ("an entry must be reversed once",
            "SELECT hex(corrects), count() AS rows FROM cost_ledger WHERE sign < 0 GROUP BY corrects HAVING rows > 1 ORDER BY ALL LIMIT 10"),
    ];

    private static Task<string[]> LedgerAsync(SqlClient sql, string column) => sql.QueryAsync($"""
        SELECT {column}, sum(cost), sum(calls), sum(failed_calls), sum(input_tokens), sum(cache_read_tokens),
            sum(cache_write_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(reasoning_tokens)
        FROM cost_ledger GROUP BY {column} HAVING sum(sign) != 0 ORDER BY {column}
        """);

    private static IEnumerable<string> Expected(GroundTruth truth, Func<TruthKey, string> of)
    {
        var costs = new Dictionary<string, Int128>();
        foreach (var (key, usage) in truth.Rows) costs[of(key)] = costs.GetValueOrDefault(of(key)) + TestRates.CostOf(key.Model, usage);
        return truth.By(of).Where(pair => pair.Value.Calls + pair.Value.FailedCalls > 0)
            .Select(pair => string.Join('\t', pair.Key, new Money(costs[pair.Key]), pair.Value.Calls, pair.Value.FailedCalls,
                pair.Value.InputTokens, pair.Value.CacheReadTokens, pair.Value.CacheWriteTokens,
                pair.Value.CacheWrite1hTokens, pair.Value.OutputTokens, pair.Value.ReasoningTokens));
    }

    private static async Task CompareRollupAsync(SqlClient sql, List<string> found)
    {
        const string Measures = """
            sum(cost), sum(list_cost), sum(retry_cost), sum(calls), sum(failed_calls), sum(input_tokens), sum(cache_read_tokens),
            sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens)
            """;
        const string Keys = "customer_id, feature_id, team, workflow, agent, provider, model, price_status, ownership";
        var ledger = await sql.QueryAsync($"""
            SELECT toUnixTimestamp(toStartOfHour(event_time)) AS h, {Keys}, {Measures}, sum(toInt64(sign)) AS entries
            FROM cost_ledger GROUP BY h, {Keys} HAVING entries != 0
            """);
        var hourly = await sql.QueryAsync($"""
            SELECT toUnixTimestamp(hour) AS h, {Keys}, {Measures}, sum(entries) AS entries
            FROM cost_hourly GROUP BY h, {Keys} HAVING entries != 0
            """);
        Compare("rollup", ledger, hourly, found);
    }

    private static async Task CompareRunsAsync(SqlClient sql, List<string> found)
    {
        var runs = await sql.QueryAsync("SELECT run_id, cost, calls, failed_calls FROM workflow_runs WHERE calls + failed_calls > 0");
        var ledger = await sql.QueryAsync("""
            SELECT run_id, sum(cost), sum(calls), sum(failed_calls) FROM cost_ledger
            GROUP BY run_id HAVING sum(calls) + sum(failed_calls) > 0
            """);
        Compare("runs", ledger, runs, found);
    }

    private static void Compare(string what, IEnumerable<string> expected, IEnumerable<string> actual, List<string> found)
    {
        const int shownMax = 10;
        var wanted = expected.ToHashSet(StringComparer.Ordinal);
        var there = actual.ToHashSet(StringComparer.Ordinal);
        found.AddRange(wanted.Except(there).Order(StringComparer.Ordinal).Take(shownMax).Select(row => $"{what}: wanted {row}"));
        found.AddRange(there.Except(wanted).Order(StringComparer.Ordinal).Take(shownMax).Select(row => $"{what}: found  {row}"));
    }

    // ClickHouse writes a decimal without trailing zeros.
    private static string Padded(string row)
    {
        var fields = row.Split('\t');
        fields[1] = Money.Parse(fields[1]).ToString();
        return string.Join('\t', fields);
    }
}
