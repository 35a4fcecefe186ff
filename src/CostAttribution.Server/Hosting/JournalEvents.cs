using CostAttribution.Journal;

namespace CostAttribution.Server.Hosting;

/// <summary>Passes the journal's events to the log, also those from before there was one.</summary>
internal sealed partial class JournalEvents
{
    private const int EarlyMax = 100;
    private readonly Lock gate = new();
    private readonly List<JournalEvent> early = [];
    private ILogger? logger;

    public ILogger Logger
    {
        set
        {
            lock (gate)
            {
                logger = value;
                foreach (var told in early) Told(value, told.Kind, told.Text);
                early.Clear();
            }
        }
    }

    public void Add(JournalEvent told)
    {
        lock (gate)
        {
            if (logger is not null) Told(logger, told.Kind, told.Text);
            else if (early.Count < EarlyMax) early.Add(told);
        }
    }

    [LoggerMessage(3001, LogLevel.Warning, "journal {Kind}: {Text}")]
    private static partial void Told(ILogger logger, JournalEventKind kind, string text);
}
