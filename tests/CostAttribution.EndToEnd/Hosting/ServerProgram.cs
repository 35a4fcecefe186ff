using System.Diagnostics;
using System.Text;

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>The program that is shipped, as the build of this suite left it.</summary>
internal static class ServerProgram
{
    /// <summary>Beside this suite's own output: <c>artifacts/bin/{project}/{configuration}/</c>.</summary>
    public static string Path { get; } = Locate();

    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>How to start it in <paramref name="workingDirectory"/>; nothing of this process's settings gets through.</summary>
    public static ProcessStartInfo Start(string workingDirectory, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList()) start.Environment.Remove(name);
        return start;
    }

    private static bool IsSetting(string name) => name.Contains("__", StringComparison.Ordinal) || name.StartsWith("OTEL_", StringComparison.Ordinal);

    /// <summary>The superuser may write anywhere, unless it gives that up.</summary>
    public static void WithoutSuperuserRights(ProcessStartInfo start)
    {
        if (!Environment.IsPrivilegedProcess) return;
        const string rights = "-dac_override,-dac_read_search";
        foreach (var argument in new[] { start.FileName, "--", $"--inh-caps={rights}", $"--bounding-set={rights}" }) start.ArgumentList.Insert(0, argument);
        start.FileName = "setpriv";
    }

    private static string Locate()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var path = System.IO.Path.Combine(own.Parent!.Parent!.FullName, "CostAttribution.Server", own.Name, "CostAttribution.Server");
        if (OperatingSystem.IsWindows()) path += ".exe";
        Assert.True(File.Exists(path), $"the server is not built: {path}");
        return path;
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "CostAttribution.sln"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("the suite does not run inside its repository");
    }
}
