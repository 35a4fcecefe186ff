using System.ComponentModel.DataAnnotations;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// When traces are costed and how much of them is kept. Durations of ARCHITECTURE.md, "When a trace is posted".
/// </summary>
public sealed class AssemblyOptions
{
    public const string Section = "Assembly";

    /// <summary>A whole trace (root present, every parent resolved) is final after this much quiet.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan SettledQuiet { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Usage that has waited this long is posted provisionally where its owner is known.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan VisibleAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Usage without a known owner is posted after this much waiting all the same.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "06:00:00")]
    public TimeSpan UnattributedWait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A trace without root or with missing parents is taken as it is after this much quiet. At least
    /// <see cref="SettledQuiet"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "06:00:00")]
    public TimeSpan IdleQuiet { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a posted trace stays in memory, where a late span is cheap. Later ones are loaded from the store.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "06:00:00")]
    public TimeSpan SettledKept { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a settled trace without any cost stays in memory and in the journal, so that a model call that comes later still
    /// finds its customer. Given up early when memory or the journal gets short.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "06:00:00")]
    public TimeSpan CostlessKept { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long posted trace ids are remembered, so that a repeated or late span is recognised without asking the store.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "2.00:00:00")]
    public TimeSpan PostedRemembered { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Memory of trace buffers in bytes; above it the oldest idle traces are posted and evicted.</summary>
    [Range(1L << 20, 1L << 40)]
    public long OpenTraceBytesMax { get; set; } = 1L << 30;

    /// <summary>Traces held in memory, open or recently posted.</summary>
    [Range(16, 100_000_000)]
    public int OpenTracesMax { get; set; } = 1_000_000;

    /// <summary>Spans kept of one trace. Past it spans without usage are not kept (counted); usage is never dropped.</summary>
    [Range(16, 10_000_000)]
    public int SpansPerTraceMax { get; set; } = 500_000;

    /// <summary>Bits of one Bloom filter of posted trace ids, as a power of two; two are kept.</summary>
    [Range(16, 34)]
    public int PostedFilterBitsLog2 { get; set; } = 27;
}
