using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.UnitTests.Api;

/// <summary>Keeps what is asked and answers from a script, in the order asked; nothing when the script has no line.</summary>
internal sealed class RecordingTransport : IClickHouseTransport
{
    public string Database => "cost_attribution";

    public ConcurrentQueue<ClickHouseQuery> Asked { get; } = new();

    /// <summary>Gives the JSON lines for a statement.</summary>
    public Func<ClickHouseQuery, CancellationToken, Task<string>> Answer { get; set; } = (_, _) => Task.FromResult("");

    public async Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        Asked.Enqueue(query);
        return Encoding.UTF8.GetBytes(await Answer(query, cancel));
    }

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) =>
        throw new NotSupportedException("the control plane only reads");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>All statements with their parameters, as golden files hold them.</summary>
    public string Transcript()
    {
        var text = new StringBuilder();
        foreach (var query in Asked)
        {
            text.Append(query.Sql).Append("\n\n");
            foreach (var (name, value) in query.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $"-- {name} = {value}\n");
            }
            text.Append('\n');
        }
        return text.ToString();
    }
}
