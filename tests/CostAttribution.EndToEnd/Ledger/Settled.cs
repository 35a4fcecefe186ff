using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Ledger;

/// <summary>Waits until a server has nothing left to post.</summary>
internal static class Settled
{
    /// <summary>Until no span is open and <paramref name="differences"/> finds none.</summary>
    public static async Task WithoutDifferencesAsync(ServerProcess server, Func<Task<IReadOnlyList<string>>> differences, Func<string> context,
        TimeSpan? deadline = null)
    {
        await Eventually.GetAsync(
            () => server.Api.GetAsync("/api/v1/pipeline"), seen => seen.GetProperty("spans").Count("open") == 0, context, deadline);
        var found = await Eventually.GetAsync(differences, lines => lines.Count == 0, () => "", deadline, lines => string.Join('\n', lines) + "\n" + context());
        Assert.Empty(found);
    }
}
