using System.Globalization;
using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Nodes;

/// <summary>
/// Keeps two processes from using one node id on one store, in table <c>nodes</c>. Ages are measured by the store's clock.
/// <code>
///   Register: nobody lives under the id ──────────────────────────────▶ claim with the next generation
///             only former starts of this data directory do ─wait─▶ silent for two intervals: it is dead, claim
///             somebody else does, or a former start speaks again ───▶ refused
///   Beat:     a start that prevails lives ─▶ this one gives way; else say again that this one lives
/// </code>
/// The store has no compare-and-set: two that claim at the same moment both write, then both look, and the lesser gives way.
/// Throws what the transport throws; for one caller at a time.
/// </summary>
public sealed class NodeRegistry(IClickHouseTransport store, NodeStart self, NodeOptions options, TimeProvider clock)
{
    private const string Running = "running";
    private const string Stopped = "stopped";

    private ulong generation;
    private ulong version;
    private long? startedUnixMs;

    /// <summary>
    /// Called once, right before the store first hears of this start: whoever keeps <see cref="NodeStart.FormerStarts"/> must
    /// know it durably by then, or a start that is killed here would be refused as a stranger's.
    /// </summary>
    public Action BeforeClaim { get; init; } = static () => { };

    /// <summary>
    /// Claims the node id. Waits up to two intervals when a former start of this directory was alive a moment ago: it was killed,
    /// or this directory is a copy. Throws <see cref="NodeInUseException"/> when the id is in use.
    /// </summary>
    public async Task RegisterAsync(CancellationToken cancel)
    {
        var seen = new Dictionary<string, ulong>(StringComparer.Ordinal);
        IReadOnlyList<RegisteredStart> known;
        while (true)
        {
            known = await ReadAsync(cancel).ConfigureAwait(false);
            var living = known.Where(IsLivingRival).ToList();
            if (options.TakeOver || living.Count == 0) break;
            foreach (var start in living)
            {
                var hasSpoken = seen.TryGetValue(start.StartId, out var before) && before != start.Version;
                if (!self.FormerStarts.Contains(start.StartId) || hasSpoken) throw InUse(start);
                seen[start.StartId] = start.Version;
            }
            if (living.TrueForAll(start => start.Age >= 2 * options.HeartbeatInterval)) break;
            await Task.Delay(options.HeartbeatInterval / 4, clock, cancel).ConfigureAwait(false);
        }
        generation = known.Select(start => start.Generation).DefaultIfEmpty(0UL).Max() + 1;
        BeforeClaim();
        await WriteAsync(Running, cancel).ConfigureAwait(false);
        await GiveWayAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Says that this process lives. Throws <see cref="NodeInUseException"/> when another has the node id now: then this
    /// process must stop.
    /// </summary>
    public async Task BeatAsync(CancellationToken cancel)
    {
        await GiveWayAsync(cancel).ConfigureAwait(false);
        await WriteAsync(Running, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Gives the node id back, so that the next start need not wait; nothing when the store cannot have heard of this start.
    /// </summary>
    public Task ReleaseAsync(CancellationToken cancel) => version == 0 ? Task.CompletedTask : WriteAsync(Stopped, cancel);

    private bool IsLivingRival(RegisteredStart start) =>
        start.StartId != self.StartId && !start.IsStopped && start.Age < options.StaleAfter;

    private async Task GiveWayAsync(CancellationToken cancel)
    {
        var known = await ReadAsync(cancel).ConfigureAwait(false);
        if (known.FirstOrDefault(start => start.StartId == self.StartId) is not { } own) return;
        startedUnixMs = own.StartedUnixMs;
        if (known.FirstOrDefault(start => IsLivingRival(start) && start.PrevailsOver(own)) is not { } other) return;
        await WriteAsync(Stopped, cancel).ConfigureAwait(false);
        throw InUse(other);
    }

    private NodeInUseException InUse(RegisteredStart other)
    {
        var startedAt = DateTimeOffset.FromUnixTimeMilliseconds(other.StartedUnixMs);
        var who = string.Create(CultureInfo.InvariantCulture,
            $"another process uses node id '{self.NodeId}' on this store (host {other.Host}, started {startedAt:u}, "
            + $"seen {other.Age.TotalSeconds:0} s ago)");
        return new NodeInUseException(other.InstanceId == self.InstanceId
            ? $"{who}, and its data directory and this one are copies of each other; stop one of them for good; for "
                + "both to run, give one another NodeId and, after its journal is posted, an empty DataDirectory"
            : $"{who}; set another NodeId for this one; if the other is gone for good, try again after "
                + $"{options.StaleAfter.TotalSeconds:0} s, or start once with "
                + $"--{NodeOptions.Section}:{nameof(options.TakeOver)} true");
    }

    private async Task<IReadOnlyList<RegisteredStart>> ReadAsync(CancellationToken cancel)
    {
        const string sql = """
            SELECT start_id, argMax(instance_id, version), argMax(host, version), argMax(generation, version),
                toUnixTimestamp64Milli(min(started_at)), max(version),
                toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(max(seen_at)), argMax(state, version) = 'stopped'
            FROM nodes WHERE node_id = {node:String} GROUP BY start_id
            """;
        var answer = await store.QueryAsync(new ClickHouseQuery(sql)
        {
            Format = "TabSeparated",
            Parameters = new Dictionary<string, string> { ["node"] = self.NodeId },
        }, cancel).ConfigureAwait(false);
        return [.. Encoding.UTF8.GetString(answer).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    /// <summary>What a proxy answers instead of the store is no answer.</summary>
    private static RegisteredStart Parse(string line)
    {
        const NumberStyles digits = NumberStyles.AllowLeadingSign;
        var culture = CultureInfo.InvariantCulture;
        return line.Split('\t') is [var start, var instance, var host, var generationText, var started, var versionText, var age,
                var stopped]
            && stopped is "0" or "1"
            && ulong.TryParse(generationText, digits, culture, out var generation)
            && ulong.TryParse(versionText, digits, culture, out var version)
            && long.TryParse(started, digits, culture, out var startedUnixMs)
            && long.TryParse(age, digits, culture, out var ageMs)
            ? new RegisteredStart(
                start, instance, host, generation, startedUnixMs, version, TimeSpan.FromMilliseconds(ageMs), stopped == "1")
            : throw new StoreUnavailableException("what answers for the store about its nodes is not ClickHouse");
    }

    private async Task WriteAsync(string state, CancellationToken cancel)
    {
        const string sql = """
            INSERT INTO nodes (node_id, start_id, instance_id, host, generation, started_at, seen_at, state, version)
            SELECT {node:String}, {start:String}, {instance:String}, {host:String}, {generation:UInt64},
                if({started:Int64} = 0, now64(3), fromUnixTimestamp64Milli({started:Int64})), now64(3), {state:String},
                {version:UInt64}
            """;
        await store.QueryAsync(new ClickHouseQuery(sql)
        {
            Parameters = new Dictionary<string, string>
            {
                ["node"] = self.NodeId, ["start"] = self.StartId, ["instance"] = self.InstanceId, ["host"] = Plain(self.Host),
                ["generation"] = generation.ToString(CultureInfo.InvariantCulture),
                ["started"] = (startedUnixMs ?? 0).ToString(CultureInfo.InvariantCulture),
                ["version"] = (++version).ToString(CultureInfo.InvariantCulture), ["state"] = state,
            },
            Settings = new Dictionary<string, string> { ["async_insert"] = "0" },
        }, cancel).ConfigureAwait(false);
    }

    private static string Plain(string host) => string.Concat(host.Where(one => !char.IsControl(one) && one != '\\'));
}
