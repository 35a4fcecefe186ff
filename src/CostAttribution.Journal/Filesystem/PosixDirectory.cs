using System.Runtime.InteropServices;
using System.Text;

namespace CostAttribution.Journal.Filesystem;

/// <summary>Syncs directory entries; the framework opens no directories. Windows makes entries durable with the file.</summary>
internal static class PosixDirectory
{
    private const int CloseOnExecLinux = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var flags = OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExecLinux;
        var descriptor = Open(Encoding.UTF8.GetBytes(path + "\0"), flags);
        if (descriptor < 0) throw Failure(path, "open");
        try
        {
            if (Sync(descriptor) != 0) throw Failure(path, "sync");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string path, string verb)
    {
        var code = Marshal.GetLastPInvokeError();
        return new IOException($"cannot {verb} directory {path}: {Marshal.GetPInvokeErrorMessage(code)}", code);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
