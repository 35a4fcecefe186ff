using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CostAttribution.Benchmarks.Server;

/// <summary>The shipped server as a process of its own, on free ports and in a directory that is deleted with it.</summary>
internal sealed partial class ServerChild : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process process;
    private readonly TaskCompletionSource<(Uri Grpc, Uri Api)> announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient client = new();
    private readonly long startedAt = Stopwatch.GetTimestamp();

    private ServerChild(Process process) => this.process = process;

    public Uri Grpc { get; private set; } = null!;
    public Uri Api { get; private set; } = null!;

    /// <summary>Since the process was started.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(startedAt);

    /// <summary>An empty data directory on the disk that the build is on.</summary>
    public static string NewDataDirectory(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, name);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        return Directory.CreateDirectory(path).FullName;
    }

    /// <summary>Starts and returns when the server says that it takes spans.</summary>
    public static async Task<ServerChild> StartAsync(string dataDirectory)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(own.Parent!.Parent!.FullName, "CostAttribution.Server", own.Name, "CostAttribution.Server");
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = dataDirectory, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        string[] arguments =
        [
            "--DataDirectory", dataDirectory, "--Otlp:GrpcPort", "0", "--Otlp:HttpPort", "0", "--Api:Port", "0", "--ClickHouse:HttpPort", "0",
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = new Process { StartInfo = start };
        var child = new ServerChild(process);
        process.OutputDataReceived += (_, line) => child.Listen(line.Data);
        process.ErrorDataReceived += (_, line) => child.Complain(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        (child.Grpc, child.Api) = await child.announced.Task.WaitAsync(TimeSpan.FromMinutes(10));
        return child;
    }

    /// <summary>What the pipeline says of itself.</summary>
    public async Task<PipelineFigures> ReadAsync()
    {
        using var document = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri(Api, "/api/v1/pipeline")));
        var root = document.RootElement;
        var spans = root.GetProperty("spans");
        return new PipelineFigures(spans.GetProperty("journaled").GetInt64(), spans.GetProperty("open").GetInt64(),
            root.GetProperty("reasons").GetProperty("posting").GetProperty("spans_replayed").GetInt64(),
            root.GetProperty("lag").GetProperty("bytes").GetInt64(), root.GetProperty("rowsPosted").GetInt64());
    }

    /// <summary>Asks again and again until it holds.</summary>
    public async Task<PipelineFigures> UntilAsync(Func<PipelineFigures, bool> holds, TimeSpan limit)
    {
        using var pulse = new PeriodicTimer(PollInterval);
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            var figures = await ReadAsync();
            if (holds(figures)) return figures;
            if (Stopwatch.GetElapsedTime(began) > limit)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"not within {limit}; last seen: {figures}"));
            await pulse.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        client.Dispose();
    }

    private void Listen(string? line)
    {
        if (line is null) announced.TrySetException(new InvalidOperationException("the server has ended"));
        else if (Announcement().Match(line) is { Success: true } match)
            announced.TrySetResult((new Uri($"http://{match.Groups["grpc"].Value}"), new Uri(match.Groups["api"].Value)));
    }

    private void Complain(string? line)
    {
        if (line is null) return;
        Console.Error.WriteLine($"server: {line}");
        announced.TrySetException(new InvalidOperationException(line));
    }

    [GeneratedRegex(@"OTLP/gRPC (?<grpc>\S+:\d+).*API (?<api>http://\S+)/api/v1")]
    private static partial Regex Announcement();
}

/// <summary>Spans since the start of the process, bytes of the journal that are not posted, rows confirmed.</summary>
internal sealed record PipelineFigures(long Journaled, long Open, long Replayed, long LagBytes, long RowsPosted);
