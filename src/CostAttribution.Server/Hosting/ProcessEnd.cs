using System.Runtime.InteropServices;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// Ends the process where it stands. The usual exit runs the destructors of native libraries, which may wait for an engine that
/// is busy; what was acknowledged is on disk either way.
/// </summary>
internal static class ProcessEnd
{
    public static void Now(int exitCode)
    {
        if (OperatingSystem.IsWindows()) Environment.Exit(exitCode);
        Exit(exitCode);
    }

    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Exit(int status);
}
