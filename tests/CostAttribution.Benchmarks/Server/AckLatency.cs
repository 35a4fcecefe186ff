using System.Diagnostics;
using System.Globalization;
using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Sending;

namespace CostAttribution.Benchmarks.Server;

/// <summary>
/// How long a sender waits for its acknowledgement, through the real gRPC port of the shipped server, with sync on. First the
/// capacity: lanes that send one request after the other. Then an open loop at parts of it: requests leave by the clock whether or
/// not the ones before were answered, and each is timed from the moment at which it was due, so that a stall counts for every
/// request that it delayed. Requests are made before each phase; sender and server share the machine.
/// </summary>
internal static class AckLatency
{
    private const int Lanes = 16;
    private const long BodyBytesMax = 512L << 20;
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(10);
    private static readonly GrpcSenderOptions OneTry = new() { AttemptsMax = 1, AttemptTimeout = TimeSpan.FromSeconds(60) };

    public static async Task PrintAsync(TimeSpan duration)
    {
        var data = ServerChild.NewDataDirectory("acks-data");
        try
        {
            await using var server = await ServerChild.StartAsync(data);
            using var sender = new GrpcTraceSender(server.Grpc, OneTry, TimeProvider.System);
            var source = new BenchmarkBodies(new BenchmarkShape());
            var bodyBytes = source.Next(TimeProvider.System.GetUtcNow()).Length;
            Console.WriteLine($"requests of {source.SpansPerBody} spans, {bodyBytes} bytes");

            await CapacityAsync(sender, Bodies(source, 64), duration);
            await server.UntilAsync(figures => figures is { LagBytes: 0, Open: 0 }, DrainLimit);
            var capacity = await CapacityAsync(sender, Bodies(source, (int)(BodyBytesMax / bodyBytes)), duration);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"capacity: {capacity * source.SpansPerBody:0} spans/s acknowledged ({capacity:0.0} requests/s, {Lanes} lanes)"));

            foreach (var percent in new[] { 20, 80 })
            {
                await server.UntilAsync(figures => figures is { LagBytes: 0, Open: 0 }, DrainLimit);
                var rate = capacity * percent / 100;
                var count = (int)Math.Min(rate * duration.TotalSeconds, BodyBytesMax / bodyBytes);
                var (latencies, refused, took) = await OpenLoopAsync(sender, Bodies(source, count), rate);
                Print(percent, latencies, refused, count / took.TotalSeconds * source.SpansPerBody);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static List<byte[]> Bodies(BenchmarkBodies source, int count)
    {
        var bodies = new List<byte[]>(count);
        while (bodies.Count < count) bodies.Add(source.Next(TimeProvider.System.GetUtcNow()).ToArray());
        return bodies;
    }

    /// <summary>Requests per second that are acknowledged when senders wait for nothing else.</summary>
    private static async Task<double> CapacityAsync(GrpcTraceSender sender, List<byte[]> bodies, TimeSpan duration)
    {
        var next = -1;
        var done = 0;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(began) < duration && Interlocked.Increment(ref next) is var index && index < bodies.Count)
            {
                await sender.SendAsync(bodies[index], CancellationToken.None);
                Interlocked.Increment(ref done);
            }
        }));
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<(TimeSpan[] Latencies, int Refused, TimeSpan Took)> OpenLoopAsync(GrpcTraceSender sender,
        List<byte[]> bodies, double perSecond)
    {
        var latencies = new TimeSpan[bodies.Count];
        var refused = 0;
        var running = new List<Task>(bodies.Count);
        using var pulse = new PeriodicTimer(TickInterval);
        var began = Stopwatch.GetTimestamp();
        while (running.Count < bodies.Count)
        {
            var due = Stopwatch.GetElapsedTime(began).TotalSeconds * perSecond;
            while (running.Count < bodies.Count && running.Count <= due) running.Add(SendAsync(running.Count));
            await pulse.WaitForNextTickAsync();
        }
        await Task.WhenAll(running);
        return (latencies, refused, Stopwatch.GetElapsedTime(began));

        async Task SendAsync(int index)
        {
            var dueAt = TimeSpan.FromSeconds(index / perSecond);
            try
            {
                await sender.SendAsync(bodies[index], CancellationToken.None);
            }
            catch (GrpcExportException)
            {
                Interlocked.Increment(ref refused);
            }
            latencies[index] = Stopwatch.GetElapsedTime(began) - dueAt;
        }
    }

    private static void Print(int percent, TimeSpan[] latencies, int refused, double spansPerSecond)
    {
        Array.Sort(latencies);
        double At(double part) => latencies[(int)Math.Min(latencies.Length - 1, part * latencies.Length)].TotalMilliseconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{percent} % of capacity: p50 {At(0.5):0.0} ms, p90 {At(0.9):0.0} ms, p99 {At(0.99):0.0} ms, "
            + $"max {At(1):0.0} ms; {latencies.Length} requests, {spansPerSecond:0} spans/s, {refused} refused"));
    }
}
