using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// Keeps a second process out of a data directory: an exclusive lock on one file, released by the system on exit.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int SharingViolationWindows = unchecked((int)0x80070020);

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
        catch (IOException error) when (error.HResult is WouldBlockLinux or WouldBlockMac or SharingViolationWindows)
        {
            throw new StoreUnavailableException(
                $"the data directory {directory} is in use by another process: stop that process or choose another " +
                    $"DataDirectory", error);
        }
    }

    public void Dispose() => file.Dispose();
}
