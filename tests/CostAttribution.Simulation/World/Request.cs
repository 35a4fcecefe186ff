using CostAttribution.Journal;

namespace CostAttribution.Simulation.World;

/// <summary>A request that a sender repeats until it is told OK.</summary>
internal sealed class Request(int ordinal, byte[] body, IReadOnlyList<(WorldSpan Span, SpanCopy Copy)> spans)
{
    public int Ordinal { get; } = ordinal;
    public byte[] Body { get; } = body;
    public IReadOnlyList<(WorldSpan Span, SpanCopy Copy)> Spans { get; } = spans;

    /// <summary>The server's word, once it is being waited for.</summary>
    public Task<JournalPosition>? Answer { get; set; }
    public DateTimeOffset SentAt { get; set; }
    public DateTimeOffset NotBefore { get; set; }
    public int Tries { get; set; }
}
