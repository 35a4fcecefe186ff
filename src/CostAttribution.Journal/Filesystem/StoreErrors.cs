namespace CostAttribution.Journal.Filesystem;

/// <summary>Tells the failures of a disk apart.</summary>
public static class StoreErrors
{
    private const int OutOfSpaceUnix = 28;
    private const int OutOfQuotaLinux = 122;
    private const int OutOfSpaceWindows = unchecked((int)0x80070070);

    /// <summary>True for failures that a <see cref="StoreDirectory"/> or <see cref="StoreFile"/> reports.</summary>
    public static bool IsDiskFailure(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>True when the volume or the quota is used up.</summary>
    public static bool IsDiskFull(Exception error) =>
        error is IOException && error.HResult is OutOfSpaceUnix or OutOfQuotaLinux or OutOfSpaceWindows;

    /// <summary>An error of the kind that <see cref="IsDiskFull"/> recognises.</summary>
    public static IOException DiskFull(string text) => new(text, OutOfSpaceUnix);
}
