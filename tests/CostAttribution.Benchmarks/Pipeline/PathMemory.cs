using System.Globalization;

namespace CostAttribution.Benchmarks.Pipeline;

/// <summary>What spans take in memory while their traces are open, and after they were posted: live bytes after a full collection.</summary>
internal static class PathMemory
{
    public static void Print(int bodies)
    {
        using var rig = new PathRig(bodies);
        rig.Renew();
        var spans = bodies * PathRig.SpansPerBody;
        var before = LiveBytes();
        rig.Assemble();
        var open = LiveBytes();
        rig.Post();
        var posted = LiveBytes();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{spans:N0} spans in traces of six: {(open - before) / spans:N0} B/span open, {(posted - before) / spans:N0} B/span posted and kept"));
    }

    private static long LiveBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
