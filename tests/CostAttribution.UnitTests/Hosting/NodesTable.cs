using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>Table <c>nodes</c> of a store that is asked by one registry, by the test's clock.</summary>
internal sealed class NodesTable(TimeProvider clock) : IClickHouseTransport
{
    private readonly Lock gate = new();
    private readonly List<(IReadOnlyDictionary<string, string> Values, DateTimeOffset SeenAt)> rows = [];

    public string Database => "test";

    /// <summary>What a query throws instead of an answer; told whether it writes.</summary>
    public Func<bool, Exception?> Fail { get; set; } = _ => null;

    /// <summary>What every query waits for.</summary>
    public Func<CancellationToken, Task> Wait { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called before a row is written.</summary>
    public Action OnWrite { get; set; } = () => { };

    /// <summary>Start and state of every row, as written.</summary>
    public IReadOnlyList<string> Rows
    {
        get { lock (gate) return [.. rows.Select(row => $"{row.Values["start"]} {row.Values["state"]}")]; }
    }

    public async Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        await Wait(cancel);
        return await AnswerAsync(query);
    }

    private Task<byte[]> AnswerAsync(ClickHouseQuery query)
    {
        var isWrite = query.Sql.StartsWith("INSERT", StringComparison.Ordinal);
        if (Fail(isWrite) is { } fault) return Task.FromException<byte[]>(fault);
        lock (gate)
        {
            if (isWrite)
            {
                OnWrite();
                rows.Add((query.Parameters, clock.GetUtcNow()));
                return Task.FromResult<byte[]>([]);
            }
            return Task.FromResult(Encoding.UTF8.GetBytes(string.Concat(
                rows.GroupBy(row => row.Values["start"]).Select(start => Line([.. start])))));
        }
    }

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string Line(List<(IReadOnlyDictionary<string, string> Values, DateTimeOffset SeenAt)> start)
    {
        var last = start[^1].Values;
        var age = (long)(clock.GetUtcNow() - start[^1].SeenAt).TotalMilliseconds;
        string[] fields =
        [
            last["start"], last["instance"], last["host"], last["generation"], start[0].SeenAt.ToUnixTimeMilliseconds().ToString(),
            last["version"], age.ToString(), last["state"] == "stopped" ? "1" : "0",
        ];
        return string.Join('\t', fields) + "\n";
    }
}
