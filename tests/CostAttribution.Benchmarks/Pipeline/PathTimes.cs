using System.Globalization;
using CostAttribution.Testing.Wire.Collector;

namespace CostAttribution.Benchmarks.Pipeline;

/// <summary>
/// The stages of the path in processor time instead of elapsed time, garbage collection included, so that the figures mean
/// something on a machine that is doing other work too.
/// </summary>
internal static class PathTimes
{
    private const int Bodies = 20;

    private sealed record Stage(string Name, Func<PathRig, int> Run)
    {
        public List<double> Nanos { get; } = [];
        public List<double> Bytes { get; } = [];
    }

    public static void Print(int passes)
    {
        using var rig = new PathRig(Bodies);
        // In the order of the path: each stage finds what the one before it left. The decoder alone goes first.
        Stage[] stages =
        [
            new("generated classes, parse only", Parse),
            new("decode", static rig => rig.Decode()),
            new("decode and assemble", static rig => rig.Assemble()),
            new("cost and find what is to be posted", static rig => rig.Settle()),
            new("encode Native blocks", static rig => rig.Encode()),
        ];
        for (var pass = 0; pass < passes; pass++)
        {
            rig.Renew();
            foreach (var stage in stages) Measure(stage, rig, keep: pass >= passes / 2);
        }
        Console.WriteLine($"{"stage",-36}{"ns/span",10}{"fastest",10}{"B/span",10}");
        foreach (var stage in stages)
            Console.WriteLine(Line(stage.Name, Median(stage.Nanos), stage.Nanos.Min(), Median(stage.Bytes)));
        var path = stages[2..];
        var nanos = path.Sum(stage => Median(stage.Nanos));
        var bytes = path.Sum(stage => Median(stage.Bytes));
        Console.WriteLine(Line("whole path", nanos, path.Sum(stage => stage.Nanos.Min()), bytes));
        var ratio = Median(stages[0].Nanos) / Median(stages[1].Nanos);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{1e9 / nanos:N0} spans/s on one core; decoding is {ratio:0.0} times as fast as parsing"));
    }

    private static void Measure(Stage stage, PathRig rig, bool keep)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var time = Environment.CpuUsage.TotalTime;
        stage.Run(rig);
        time = Environment.CpuUsage.TotalTime - time;
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        if (!keep) return;
        stage.Nanos.Add(time.TotalNanoseconds / (Bodies * PathRig.SpansPerBody));
        stage.Bytes.Add((double)bytes / (Bodies * PathRig.SpansPerBody));
    }

    private static int Parse(PathRig rig)
    {
        var spans = 0;
        foreach (var body in rig.Requests)
            spans += ExportTraceServiceRequest.Parser.ParseFrom(body).ResourceSpans[0].ScopeSpans[0].Spans.Count;
        return spans;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Line(string name, double nanos, double fastest, double bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{name,-36}{nanos,10:N0}{fastest,10:N0}{bytes,10:N0}");
}
