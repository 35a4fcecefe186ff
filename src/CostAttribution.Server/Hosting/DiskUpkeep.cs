using CostAttribution.Journal;
using CostAttribution.Journal.Postings;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// Deletes what journal and posting files keep beyond their windows, and the windows themselves while the disk is short, also
/// when nothing is posted: a store without room confirms nothing that would make room.
/// </summary>
internal sealed partial class DiskUpkeep : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly DurableJournal journal;
    private readonly PostingSpool spool;
    private readonly long freeBytesMin;
    private readonly Func<bool> isRecovered;
    private readonly ILogger logger;
    private readonly CancellationTokenSource ended = new();
    private readonly Task running;
    private string trouble = "";

    /// <param name="journal">Trimmed.</param>
    /// <param name="spool">Pruned.</param>
    /// <param name="freeBytesMin">Free space below which windows are given up.</param>
    /// <param name="isRecovered">The posting files were compared with the store: from then on they may leave the window.</param>
    /// <param name="clock">Source of all time.</param>
    /// <param name="logger">Hears of a disk that fails.</param>
    public DiskUpkeep(DurableJournal journal, PostingSpool spool, long freeBytesMin, Func<bool> isRecovered, TimeProvider clock,
        ILogger logger)
    {
        this.journal = journal;
        this.spool = spool;
        this.freeBytesMin = freeBytesMin;
        this.isRecovered = isRecovered;
        this.logger = logger;
        running = RunAsync(clock);
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        ended.Dispose();
    }

    private async Task RunAsync(TimeProvider clock)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token).ConfigureAwait(false)) Turn();
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Turn()
    {
        try
        {
            journal.Prune();
            if (isRecovered()) spool.Prune(freeBytesMin);
            trouble = "";
        }
        catch (JournalException fault)
        {
            if (trouble != fault.Message) NotPruned(logger, fault.Message);
            trouble = fault.Message;
        }
    }

    [LoggerMessage(3203, LogLevel.Warning,
        "what journal and posting files keep beyond their windows cannot be deleted: {Fault}")]
    private static partial void NotPruned(ILogger logger, string fault);
}
