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

    /// <summary>What is open is counted once a second, so the first answers may be from before the last spans came.</summary>
    private static readonly TimeSpan CountedEvery = TimeSpan.FromSeconds(1.5);

    /// <summary>Until no span is open.</summary>
    public static async Task NothingOpenAsync(ServerProcess server, Func<string> context, TimeSpan? deadline = null)
    {
        var first = (await server.Api.GetAsync("/api/v1/pipeline")).GetProperty("asOf").GetDateTimeOffset();
        await Eventually.GetAsync(
            () => server.Api.GetAsync("/api/v1/pipeline"),
            seen => seen.GetProperty("spans").Count("open") == 0 && seen.GetProperty("asOf").GetDateTimeOffset() > first + CountedEvery, context, deadline);
    }

    /// <summary>Until no span is open and <paramref name="differences"/> finds none.</summary>
    public static async Task WithoutDifferencesAsync(ServerProcess server, Func<Task<IReadOnlyList<string>>> differences, Func<string> context,
        TimeSpan? deadline = null)
    {
        await NothingOpenAsync(server, context, deadline);
        var found = await Eventually.GetAsync(differences, lines => lines.Count == 0, () => "", deadline, lines => string.Join('\n', lines) + "\n" + context());
        Assert.Empty(found);
    }
}
