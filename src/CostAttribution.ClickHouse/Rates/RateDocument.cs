namespace CostAttribution.ClickHouse.Rates;

/// <summary>A rate card file as it was published.</summary>
/// <param name="RecordedAt">When; whole milliseconds, UTC.</param>
/// <param name="PublicationId">Files published together have one.</param>
/// <param name="Node">The node that took it.</param>
/// <param name="Name">File name without directory, for messages.</param>
/// <param name="Content">YAML.</param>
public sealed record RateDocument(DateTimeOffset RecordedAt, string PublicationId, string Node, string Name, string Content);

/// <summary>Tells whether something was published since.</summary>
public readonly record struct RateDocumentsState(long Documents, long NewestMillis);
