using System.Globalization;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.Simulation.Running;

/// <summary>Flips bits of records in the journal while no process has it open.</summary>
internal sealed class BitRot(MemoryDisk disk, Dice dice, EventLog log, bool forgesChecksums)
{
    private const string Directory = "journal";
    private const string Suffix = ".seg";

    /// <summary>Damages one record; its sequence, or null when there is none.</summary>
    public ulong? Strike()
    {
        var records = new List<(string File, ulong First, long At, RecordFrame Frame)>();
        var directory = disk.Root.Subdirectory(Directory);
        foreach (var file in directory.List().Where(entry => entry.Name.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            var digits = file.Name.AsSpan("journal-".Length, 16);
            var first = ulong.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var bytes = directory.ReadAll(file.Name, 1 << 24);
            for (var at = (long)SegmentHeader.Bytes; at < bytes.Length && RecordFrame.TryRead(bytes.AsSpan((int)at), first, out var frame)
                && at + frame.TotalBytes <= bytes.Length; at += frame.TotalBytes)
                records.Add((file.Name, first, at, frame));
        }
        if (records.Count == 0) return null;
        var hit = dice.Pick(records);
        var path = $"{Directory}/{hit.File}";
        var offset = forgesChecksums ? dice.Between(RecordFrame.Bytes, hit.Frame.TotalBytes - 1) : dice.Between(0L, hit.Frame.TotalBytes - 1);
        disk.Flip(path, hit.At + offset, (byte)(1 << dice.Between(0, 7)));
        if (forgesChecksums) Forge(directory, path, hit.File, hit.First, hit.At, hit.Frame);
        if (log.IsOn) log.Say($"disk: a bit of record {hit.Frame.Sequence} in {hit.File} has flipped");
        return hit.Frame.Sequence;
    }

    private void Forge(StoreDirectory directory, string path, string file, ulong first, long at, RecordFrame frame)
    {
        var bytes = directory.ReadAll(file, 1 << 24).AsSpan((int)at, (int)frame.TotalBytes);
        Span<byte> forged = stackalloc byte[RecordFrame.Bytes];
        (frame with { PayloadCrc = Crc32C.Compute(bytes[RecordFrame.Bytes..]) }).WriteTo(forged, first);
        for (var i = 0; i < forged.Length; i++) disk.Flip(path, at + i, (byte)(bytes[i] ^ forged[i]));
    }
}
