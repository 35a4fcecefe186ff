using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Hosting;

/// <summary>What a server keeps in its data directory beside the embedded engine's own files.</summary>
internal sealed class DataFiles
{
    private readonly ServerSettings settings;

    /// <summary>Makes the directory; throws <see cref="StartupException"/> when it cannot be used.</summary>
    public DataFiles(ServerSettings settings)
    {
        this.settings = settings;
        try
        {
            Directory.CreateDirectory(settings.DataDirectory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unusable(fault);
        }
    }

    /// <summary>
    /// The journal, the files of postings and the identity of the process in this directory; throws
    /// <see cref="StartupException"/> with what an operator can mend.
    /// </summary>
    /// <param name="clock">Source of all time.</param>
    /// <param name="events">Gets what the journal has to tell; its logger may come later.</param>
    public (DurableJournal Journal, PostingSpool Spool, InstanceFile Instance) Open(TimeProvider clock, out JournalEvents events)
    {
        var told = events = new JournalEvents();
        DurableJournal? journal = null;
        try
        {
            var directory = SystemDirectory.Open(Path.Combine(settings.DataDirectory, "journal"));
            var postings = SystemDirectory.Open(Path.Combine(settings.DataDirectory, "postings"));
            PostingSpool.RefuseNewer(postings);
            journal = DurableJournal.Open(directory, settings.NodeId, settings.Journal, clock, told.Add);
            var instance = InstanceFile.Adopt(directory, NodeClaim.NewId());
            MakeRoom(journal);
            var opened = (journal, PostingSpool.Open(postings, settings.Postings, clock), instance);
            journal = null;
            return opened;
        }
        catch (JournalException fault)
        {
            throw new StartupException(fault.Message);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unusable(fault);
        }
        finally
        {
            journal?.Dispose();
        }
    }

    // The store may need the room to open. A disk that does not work is told by what needs it.
    private static void MakeRoom(DurableJournal journal)
    {
        try
        {
            journal.Prune();
        }
        catch (JournalException)
        {
        }
    }

    private StartupException Unusable(Exception fault) =>
        new($"DataDirectory '{settings.DataDirectory}' cannot be used: {fault.Message.TrimEnd('.')}");
}
