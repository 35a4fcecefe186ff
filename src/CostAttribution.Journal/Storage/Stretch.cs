namespace CostAttribution.Journal.Storage;

/// <summary>A part of a file, in bytes.</summary>
internal readonly record struct Stretch(long Offset, long Length)
{
    public long End => Offset + Length;
}
