using System.Globalization;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Ledger;

namespace CostAttribution.EndToEnd.Crashes;

/// <summary>When a life of the server ends.</summary>
internal enum Moment
{
    /// <summary>After a number of further spans were acknowledged.</summary>
    Acknowledged,

    /// <summary>While a posting's file says that its outcome is unknown.</summary>
    Posting,

    /// <summary>As soon as the ports are open.</summary>
    Started,

    /// <summary>As soon as the server says that it replays its journal.</summary>
    Recovering,
}

/// <summary>Ends servers where they stand, each at its own moment.</summary>
internal sealed class Killer(TempDirectory data, Senders senders, Random random)
{
    private static readonly TimeSpan GlanceInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private readonly List<string> told = [];

    /// <summary>One per life, in order; a recovery needs something to recover, so none is the first.</summary>
    public static readonly IReadOnlyList<Moment> Moments =
    [
        Moment.Acknowledged, Moment.Recovering, Moment.Posting, Moment.Started, Moment.Acknowledged,
        Moment.Posting, Moment.Recovering, Moment.Acknowledged, Moment.Posting, Moment.Acknowledged,
    ];

    public async Task StrikeAsync(ServerProcess server, int life)
    {
        var moment = Moments[life];
        var spans = senders.Acknowledged;
        if (moment == Moment.Recovering)
        {
            await UntilAsync(server, () => server.Lines.Any(line => line.Contains("replaying the journal", StringComparison.Ordinal)));
        }
        else
        {
            await server.WaitUntilReadyAsync();
            senders.Target(server);
            // Each life gets its share, so that senders are under way whenever it ends.
            senders.Allow(senders.RequestCount / Moments.Count);
            var more = random.NextInt64(20, senders.Spans / Moments.Count / 2);
            if (moment != Moment.Started) await UntilAsync(server, () => senders.Acknowledged >= spans + more);
            if (moment == Moment.Posting) await UntilAsync(server, IsPosting);
        }
        await server.KillAsync();
        if (IsPosting()) InDoubt++;
        told.Add(string.Create(CultureInfo.InvariantCulture,
            $"life {life + 1} ended at '{moment}' after {senders.Acknowledged - spans} further spans; posting in doubt: {IsPosting()}"));
    }

    /// <summary>Lives after which a posting was left whose outcome is unknown.</summary>
    public int InDoubt { get; private set; }

    public override string ToString() => string.Join('\n', told);

    private bool IsPosting()
    {
        var postings = Path.Combine(data.Path, "data", "postings");
        return Directory.Exists(postings) && Directory.EnumerateFiles(postings, "*.pending").Any();
    }

    private async Task UntilAsync(ServerProcess server, Func<bool> holds)
    {
        using var pulse = new PeriodicTimer(GlanceInterval);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Limit);
        while (!holds())
        {
            Assert.False(server.HasExited, $"the server ended by itself\n{this}\n{server}");
            Assert.False(deadline.IsCancellationRequested, $"the moment did not come\n{this}\n{senders}\n{server}");
            await pulse.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
