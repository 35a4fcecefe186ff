namespace CostAttribution.Journal.Filesystem;

/// <summary>Tells the failures of a disk apart.</summary>
public static class StoreErrors
{
    private const int OutOfSpaceUnix = 28;
    private const int OutOfQuotaLinux = 122;
    private const int OutOfSpaceWindows = unchecked((int)0x80070070);
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int SharingViolationWindows = unchecked((int)0x80070020);
    private const int InputOutputErrorUnix = 5;

    /// <summary>True for failures that a <see cref="StoreDirectory"/> or <see cref="StoreFile"/> reports.</summary>
    public static bool IsDiskFailure(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>True when the volume or the quota is used up.</summary>
    public static bool IsDiskFull(Exception error) =>
        error is IOException && error.HResult is OutOfSpaceUnix or OutOfQuotaLinux or OutOfSpaceWindows;

    /// <summary>True when another holder has a file that was to be opened for one alone.</summary>
    public static bool IsInUse(Exception error) => error is IOException
        && error.HResult is WouldBlockLinux or WouldBlockMac or SharingViolationWindows;

    /// <summary>
    /// True when a file that is there and may be read cannot be: a bad sector, a network that is away. It may pass.
    /// </summary>
    public static bool IsUnreadable(Exception error) => error is IOException
        and not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException or EndOfStreamException);

    /// <summary>An error such as a bad sector gives.</summary>
    public static IOException Unreadable(string text) => new(text, InputOutputErrorUnix);

    /// <summary>An error of the kind that <see cref="IsDiskFull"/> recognises.</summary>
    public static IOException DiskFull(string text) => new(text, OutOfSpaceUnix);
}
