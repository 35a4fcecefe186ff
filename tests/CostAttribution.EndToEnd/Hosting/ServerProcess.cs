using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>A running server on free ports, known by what it says on its standard output.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    /// <summary>Short waits instead of the product's defaults, so that tests see results soon.</summary>
    private static readonly string[] Quick =
    [
        "--Otlp:GrpcPort", "0", "--Otlp:HttpPort", "0", "--Api:Port", "0",
        "--Assembly:SettledQuiet", "00:00:00.3", "--Assembly:IdleQuiet", "00:00:01", "--Posting:FlushInterval", "00:00:00.05",
    ];

    private readonly Process process;
    private readonly ProcessOutput output;

    private ServerProcess(Process process)
    {
        this.process = process;
        output = new ProcessOutput(process);
        Api = new RestClient(this);
        Otlp = new OtlpRequests(this);
    }

    public Uri Grpc { get; private set; } = null!;
    public Uri Http { get; private set; } = null!;
    public Uri ApiUrl { get; private set; } = null!;

    /// <summary>Where the embedded engine is served; null when it is off.</summary>
    public Uri? Sql { get; private set; }
    public RestClient Api { get; }
    public OtlpRequests Otlp { get; }
    public int Id => process.Id;

    /// <summary>Starts in <paramref name="data"/> and returns when the server says it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(TempDirectory data, params string[] settings)
    {
        var server = Launch(data, settings);
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts in <paramref name="data"/> and returns at once, whatever becomes of it.</summary>
    public static ServerProcess Launch(TempDirectory data, params string[] settings) =>
        Launch(data, static _ => { }, settings);

    /// <summary>The same for a process that is prepared in some way.</summary>
    public static ServerProcess Launch(TempDirectory data, Action<ProcessStartInfo> prepare, params string[] settings)
    {
        var sql = settings.Contains("--ClickHouse:HttpPort") ? [] : new[] { "--ClickHouse:HttpPort", "0" };
        var start = ServerProgram.Start(data.Path, ["--DataDirectory", Path.Combine(data.Path, "data"), .. Quick, .. sql, .. settings]);
        prepare(start);
        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>A port that was free a moment ago, for the one setting whose 0 means off.</summary>
    public static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    public bool HasExited => process.HasExited;

    /// <summary>Everything written so far, on both streams.</summary>
    public IEnumerable<string> Lines => output.Lines.Concat(output.Errors);

    /// <summary>Asks for a clean stop as an init system does; returns the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan limit)
    {
        await SignalAsync("TERM");
        return await WaitForExitAsync(limit);
    }

    /// <summary>Sends a signal by its short name.</summary>
    public async Task SignalAsync(string name)
    {
        using var signal = Process.Start("sh", ["-c", $"kill -{name} {process.Id}"]);
        await signal.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Resident set of the process at this moment, in bytes.</summary>
    public long ResidentBytes()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>Ends the process where it stands (SIGKILL).</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public override string ToString() => output.ToString();

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        Api.Dispose();
        Otlp.Dispose();
        process.Dispose();
    }

    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>The exit code of a process that was told to end or that ends by itself.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"the server did not stop within {limit.TotalSeconds:0} s\n{output}");
        }
        return process.ExitCode;
    }

    /// <summary>Returns when the ports are known and the server says it is ready.</summary>
    public async Task WaitUntilReadyAsync()
    {
        await Eventually.GetAsync(() => Task.FromResult(process.HasExited || Said(Stop()) is not null), ended => ended, ToString);
        Assert.False(process.HasExited, $"the server ended at once\n{output}");
        var ports = Said(Announcement())!.Groups;
        (Grpc, Http, ApiUrl) = (new Uri($"http://{ports["grpc"]}"), new Uri(ports["http"].Value), new Uri(ports["api"].Value));
        Sql = Said(SqlAnnouncement()) is { } sql ? new Uri(sql.Groups["sql"].Value) : null;
        await Eventually.GetAsync(() => Api.StatusAsync("/health/ready"), status => status == HttpStatusCode.OK, ToString);
    }

    private Match? Said(Regex pattern) => output.Lines.Select(line => pattern.Match(line)).FirstOrDefault(match => match.Success);

    // The end of the last line of the announcement.
    [GeneratedRegex(@"stop with Ctrl\+C$")]
    private static partial Regex Stop();

    [GeneratedRegex(@"OTLP/gRPC (?<grpc>\S+:\d+).*OTLP/HTTP (?<http>http://\S+)/v1/traces.*API (?<api>http://\S+)/api/v1")]
    private static partial Regex Announcement();

    [GeneratedRegex(@"SQL (?<sql>http://\S+)")]
    private static partial Regex SqlAnnouncement();
}
