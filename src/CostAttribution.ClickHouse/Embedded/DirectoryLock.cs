using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// Keeps a second process out of a data directory: an exclusive lock on one file, released by the system on exit.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream file;

    private DirectoryLock(FileStream file) => this.file = file;

    public static DirectoryLock Acquire(string directory)
    {
        Directory.CreateDirectory(directory);
        try
        {
            return new DirectoryLock(new FileStream(Path.Combine(directory, "engine.lock"), FileMode.OpenOrCreate,
                FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error)
        {
            throw new StoreUnavailableException(
                $"the data directory {directory} is in use by another process: stop that process or choose another " +
                    $"DataDirectory", error);
        }
    }

    public void Dispose() => file.Dispose();
}
