namespace CostAttribution.ClickHouse.Embedded;

/// <summary>The engine session of one lane, opened on first use and reopened when a statement has changed its settings.</summary>
internal sealed class LaneSession(Func<ChdbConnection> open) : IDisposable
{
    private ChdbConnection? connection;
    private string? database;

    /// <summary>
    /// The session with <paramref name="name"/> as its current database; null leaves the engine's default database.
    /// </summary>
    public ChdbConnection Use(string? name)
    {
        if (connection is null || (name is null && database is not null)) Reopen();
        if (name is not null && name != database)
        {
            connection!.Query($"USE {SqlText.Identifier(name)}", "Null");
            database = name;
        }
        return connection!;
    }

    /// <summary>Runs <paramref name="work"/> under <paramref name="settings"/>, which end with it.</summary>
    public T With<T>(string? name, IReadOnlyDictionary<string, string> settings, Func<ChdbConnection, T> work)
    {
        var session = Use(name);
        if (settings.Count == 0) return work(session);
        try
        {
            session.Query("SET " + string.Join(", ",
                settings.Select(setting => $"{SqlText.SettingName(setting.Key)} = {SqlText.String(setting.Value)}")), "Null");
            return work(session);
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        connection?.Dispose();
        connection = null;
        database = null;
    }

    private void Reopen()
    {
        Dispose();
        connection = open();
    }
}
