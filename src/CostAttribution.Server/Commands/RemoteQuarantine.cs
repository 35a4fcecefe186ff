using System.Text.Json;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Server.Commands;

/// <summary>The refused postings of a running server, over its REST interface.</summary>
internal sealed class RemoteQuarantine(Uri server) : IDisposable
{
    private const string Address = "/api/v1/quarantine";
    private const string What = "keep a quarantine to be asked";

    // The server waits up to a minute for the traces of a posting.
    private readonly RemoteServer remote = new(server, TimeSpan.FromMinutes(3));

    public Task<IReadOnlyList<RefusedPosting>> ListAsync(CancellationToken stop) => remote.AskAsync(HttpMethod.Get, Address, What,
        text => Read<Listing>(text).Postings, stop);

    public Task<RefusedPosting> FindAsync(string postingId, CancellationToken stop) =>
        remote.AskAsync(HttpMethod.Get, AddressOf(postingId), What, Read<RefusedPosting>, stop);

    public Task<RefusedResult> PostAsync(string postingId, CancellationToken stop) =>
        remote.AskAsync(HttpMethod.Post, AddressOf(postingId), $"post {postingId}", Read<RefusedResult>, stop);

    public void Dispose() => remote.Dispose();

    private static string AddressOf(string postingId) => $"{Address}/{Uri.EscapeDataString(postingId)}";

    private static T Read<T>(string text) =>
        JsonSerializer.Deserialize<T>(text, QuarantineCommand.Json) ?? throw new JsonException("the answer is empty");

    private sealed record Listing(IReadOnlyList<RefusedPosting> Postings);
}
