using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Facts;

/// <summary>One stored revision of a trace's facts, as the posting stage encoded it.</summary>
public sealed record StoredFacts(
    TraceId TraceId, int Revision, string PostingId, bool Settled, string RunId, ReadOnlyMemory<byte> Blob,
        ReadOnlyMemory<byte> Context);
