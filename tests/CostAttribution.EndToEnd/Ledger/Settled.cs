using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Ledger;

/// <summary>Waits until a server has nothing left to post.</summary>
internal static class Settled
{
    /// <summary>Until every request is acknowledged.</summary>
    public static async Task SentAsync(Senders senders, Func<string> context)
    {
        await Eventually.GetAsync(() => Task.FromResult(senders.Sent.IsCompleted), done => done, context);
        await senders.Sent;
    }

    /// <summary>Until no span is open by a count that began after this was called.</summary>
    public static async Task NothingOpenAsync(ServerProcess server, Func<string> context, TimeSpan? deadline = null)
    {
        // The first count to come may have begun before.
        var counted = await CountsAsync(server) + 2;
        await Eventually.GetAsync(
            () => server.Api.GetAsync("/api/v1/pipeline"),
            seen => seen.GetProperty("spans").Count("open") == 0 && seen.GetProperty("openTraces").Count("observations") >= counted,
            context, deadline);
    }

    private static async Task<long> CountsAsync(ServerProcess server) =>
        (await server.Api.GetAsync("/api/v1/pipeline")).GetProperty("openTraces").Count("observations");

    /// <summary>Until no span is open and <paramref name="differences"/> finds none.</summary>
    public static async Task WithoutDifferencesAsync(ServerProcess server, Func<Task<IReadOnlyList<string>>> differences, Func<string> context,
        TimeSpan? deadline = null)
    {
        await NothingOpenAsync(server, context, deadline);
        var found = await Eventually.GetAsync(differences, lines => lines.Count == 0, () => "", deadline, lines => string.Join('\n', lines) + "\n" + context());
        Assert.Empty(found);
    }
}
