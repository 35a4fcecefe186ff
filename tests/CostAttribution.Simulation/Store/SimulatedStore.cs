using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Simulation.Running;
using CostAttribution.Testing.Time;

namespace CostAttribution.Simulation.Store;

/// <summary>
/// A ClickHouse at the level of the transport: the real encoder's blocks go in, the real reader's statements are answered. It can
/// be slow, away before or after it applied an insert, fail in the view, refuse, or answer nonsense, by seed. Answers come on the
/// caller's thread: at once, or from <see cref="Pump"/> when their time has come.
/// </summary>
internal sealed class SimulatedStore(StoreTables tables, ManualClock clock, Dice dice, EventLog log, Sabotage sabotage)
    : IClickHouseTransport, IDisposable
{
    // Later than what is waiting for the store at any moment: one posting and one look-up.
    private readonly List<(DateTimeOffset Due, Action Answer)> waiting = [];
    private readonly List<RunningInsert> running = [];
    private int insertsTaken;

    /// <summary>An insert that nobody waits for any more.</summary>
    private sealed class RunningInsert(string token, IEnumerator<string> pieces)
    {
        public string Token => token;
        public IEnumerator<string> Pieces => pieces;
        public DateTimeOffset Due { get; set; }
    }

    public string Database => "simulated";

    public StoreFaults Faults { get; set; } = StoreFaults.None;

    public StoreTables Tables => tables;

    /// <summary>A table that never takes rows of a trace; null when every table takes all.</summary>
    public (string Table, TraceId Trace)? Poison { get; set; }

    /// <summary>Inserts that reached the tables, repeated ones included.</summary>
    public int InsertsTaken => insertsTaken;

    /// <summary>Inserts that were not made, for whatever reason that is told to the product.</summary>
    public int InsertsRefused { get; private set; }

    /// <summary>Statements whose answer somebody waits for.</summary>
    public int Waiting => waiting.Count;

    public bool IsIdle => waiting.Count == 0 && running.Count == 0;

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        if (dice.Chance(Faults.UnavailablePerMille)) return Later<byte[]>(() => throw Away("query"));
        if (dice.Chance(Faults.GarbagePerMille))
        {
            var garbage = Garbage(query);
            if (log.IsOn) log.Say($"    store: garbage to {Short(query.Sql)}");
            return Later(() => garbage);
        }
        return Later(() =>
        {
            if (log.IsOn) log.Say($"    store: {Short(query.Sql)}");
            return AnswerTo(query);
        });
    }

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        if (dice.Chance(Faults.UnavailablePerMille))
        {
            InsertsRefused++;
            return Later<bool>(() => throw Away(insert.DeduplicationToken));
        }
        if (dice.Chance(Faults.RefusedPerMille))
        {
            InsertsRefused++;
            return Later<bool>(() => throw new ClickHouseException(60, "Code: 60. DB::Exception: refused as told (UNKNOWN_TABLE)"));
        }
        if (Poison is { } poison && insert.Table == poison.Table && StoreTables.Mentions(insert, poison.Trace))
        {
            InsertsRefused++;
            return Later<bool>(() => throw new ClickHouseException(117, "Code: 117. DB::Exception: refused as told (INCORRECT_DATA)"));
        }
        if (Faults.OutlivesPerMille > 0 && dice.Chance(Faults.OutlivesPerMille))
        {
            insertsTaken++;
            var name = insert.DeduplicationToken;
            var kept = insert with { NativeBlock = insert.NativeBlock.ToArray() };
            running.Add(new(name, tables.ApplyInPieces(kept, clock.GetUtcNow, sabotage).GetEnumerator()) { Due = NextPiece() });
            if (log.IsOn) log.Say($"    store: insert {name} goes on alone");
            return Later<bool>(() => throw new StoreUnavailableException("the answer was lost as told, the insert goes on"));
        }
        var viewFails = dice.Chance(Faults.ViewFailsPerMille);
        var answerLost = viewFails || dice.Chance(Faults.LostAnswerPerMille);
        // A slow insert happens early or late; either way the answer comes late.
        var applied = dice.Chance(500);
        if (applied) Apply(insert, viewFails);
        return Later(() =>
        {
            if (!applied) Apply(insert, viewFails);
            applied = true;
            return answerLost ? throw new StoreUnavailableException("the answer was lost as told") : true;
        }, onCrash: () =>
        {
            if (!applied && dice.Chance(500)) Apply(insert, viewFails);
        });
    }

    /// <summary>Gives the answers whose time has come.</summary>
    public void Pump()
    {
        foreach (var insert in running.Where(insert => insert.Due <= clock.GetUtcNow()).ToArray()) GoOn(insert);
        while (waiting.Count > 0)
        {
            var next = waiting.MinBy(answer => answer.Due);
            if (next.Due > clock.GetUtcNow()) return;
            waiting.Remove(next);
            next.Answer();
        }
    }

    /// <summary>The machine of the store is gone, and with it what it was doing.</summary>
    public void LosePower() => running.Clear();

    /// <summary>The asking process is gone: what it had asked is done or not, and nobody is told.</summary>
    public void Forget()
    {
        waiting.Clear();
        foreach (var end in unheard) end();
        unheard.Clear();
    }

    public void Dispose() => waiting.Clear();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void GoOn(RunningInsert insert)
    {
        if (!insert.Pieces.MoveNext())
        {
            running.Remove(insert);
            return;
        }
        insert.Due = NextPiece();
        if (log.IsOn) log.Say($"    store: insert {insert.Token} goes on: {insert.Pieces.Current}");
    }

    private DateTimeOffset NextPiece() => clock.GetUtcNow() + dice.Between(TimeSpan.Zero, Faults.SlowMax);

    // Those that begin so and, where that is asked, feed ledger or rollup.
    private string[] RunningFrom(string prefix, string sql)
    {
        if (sabotage.Kind == SabotageKind.HidesRunningInserts) return [];
        var feeding = sql.Contains("position(initial_query_id", StringComparison.Ordinal);
        return [.. running.Select(insert => $"{Database}/{insert.Token}/1").Where(id => id.StartsWith(prefix, StringComparison.Ordinal)
            && (!feeding || sql.Contains($"'/{id.Split('/')[^2]}/'", StringComparison.Ordinal)
                || sql.Contains($"'/{id.Split('/')[1]}/'", StringComparison.Ordinal)))];
    }

    private readonly List<Action> unheard = [];

    private void Apply(ClickHouseInsert insert, bool viewFails)
    {
        insertsTaken++;
        if (sabotage.Kind == SabotageKind.DropsInsert && insertsTaken % 7 == 0) return;
        if (sabotage.Kind == SabotageKind.LosesSnapshots) tables.Snapshots.Clear();
        var outcome = tables.Apply(insert, clock.GetUtcNow(), viewFails, sabotage);
        if (log.IsOn) log.Say($"    store: insert {insert.DeduplicationToken} {outcome}");
    }

    private Task<T> Later<T>(Func<T> answer, Action? onCrash = null)
    {
        if (!dice.Chance(Faults.SlowPerMille))
        {
            try
            {
                return Task.FromResult(answer());
            }
            catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
            {
                return Task.FromException<T>(fault);
            }
        }
        // Continuations run inside Pump, on the one thread there is.
        var done = new TaskCompletionSource<T>();
        if (onCrash is not null) unheard.Add(onCrash);
        waiting.Add((clock.GetUtcNow() + dice.Between(TimeSpan.FromMilliseconds(1), Faults.SlowMax), () =>
        {
            if (onCrash is not null) unheard.Remove(onCrash);
            T value;
            try
            {
                value = answer();
            }
            catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
            {
                done.SetException(fault);
                return;
            }
            done.SetResult(value);
        }));
        return done.Task;
    }

    private byte[] AnswerTo(ClickHouseQuery query) =>
        query.Parameters.TryGetValue("prefix", out var prefix) ? StoreAnswers.Names(RunningFrom(prefix, query.Sql)) : StoreAnswers.To(query, tables);

    // What a proxy, a wrong port or a cut connection gives: never something that reads as an answer.
    private byte[] Garbage(ClickHouseQuery query)
    {
        if (query.Format != "Native") return [.. "<html>bad gateway</html>"u8];
        var real = AnswerTo(query);
        return dice.Between(0, 2) switch
        {
            0 => [.. "<html>bad gateway</html>"u8],
            1 => real[..dice.Between(1, real.Length - 1)],
            _ => [.. Enumerable.Range(0, 40).Select(_ => (byte)0xFF)],
        };
    }

    private static StoreUnavailableException Away(string what) => new($"the store is away as told, before {what}");

    private static string Short(string sql) => sql.Length <= 90 ? sql : $"{sql[..40]} … {sql[^45..]}";
}
