namespace CostAttribution.Journal.Storage;

/// <summary>
/// What is known of one segment file. Guarded by the lock of the <see cref="SegmentCatalog"/> that holds it; readers get copies.
/// </summary>
/// <param name="FirstSequence">Of its records; also in its name.</param>
/// <param name="LastSequence">Its last acknowledged record; less than the first when there is none.</param>
/// <param name="DurableBytes">Length up to which its content is acknowledged, or was found at start.</param>
/// <param name="FileBytes">Length of the file, with what a failed write may have left.</param>
/// <param name="ClosedUnixMs">When it stopped growing; null while it grows.</param>
internal sealed record Segment(ulong FirstSequence, ulong LastSequence, long DurableBytes, long FileBytes, long? ClosedUnixMs)
{
    public string Name => SegmentName.Of(FirstSequence);

    public bool IsActive => ClosedUnixMs is null;
}
