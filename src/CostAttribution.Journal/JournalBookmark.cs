using System.Buffers.Binary;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// The low-water mark: every record below it is durable in the store. One file with two slots that are written in turn, so that
/// a torn write leaves the other slot; the sound slot with the higher generation holds. Frozen by a golden test.
/// <code>
///  slots at 0 and 4096; in each, numbers little-endian
///  0   8  magic            89 43 41 42 0D 0A 1A 0A
///  8   2  format version   1
///  10  6  zero
///  16  8  generation
///  24  8  sequence
///  32  4  CRC-32C          over bytes 0 to 31
/// </code>
/// </summary>
internal sealed class JournalBookmark : IDisposable
{
    public const string FileName = "bookmark";
    public const ushort Version = 1;

    private const int SlotBytes = 36;
    private const int SlotDistance = 4096;
    private const int VersionOffset = 8;
    private const int GenerationOffset = 16;
    private const int SequenceOffset = 24;
    private const int CrcOffset = 32;

    private readonly Lock _gate = new();
    private readonly StoreFile _file;
    private ulong _generation;
    private ulong _sequence;

    private JournalBookmark(StoreFile file) => _file = file;

    private static ReadOnlySpan<byte> Magic => [0x89, 0x43, 0x41, 0x42, 0x0D, 0x0A, 0x1A, 0x0A];

    public JournalPosition Position
    {
        get { lock (_gate) return new JournalPosition(_sequence); }
    }

    /// <summary>
    /// Adopts the file or makes it. Throws <see cref="JournalVersionException"/> for a newer version. When neither slot is
    /// sound the mark is <see cref="JournalPosition.Oldest"/>: more is read again, nothing is lost.
    /// </summary>
    public static JournalBookmark Open(StoreDirectory directory, out bool damaged)
    {
        damaged = false;
        if (!directory.Exists(FileName)) Create(directory);
        var bookmark = new JournalBookmark(directory.Open(FileName, writable: true));
        try
        {
            // Both are read even if one is sound, so that a newer version in either is refused.
            var first = bookmark.TryReadSlot(0);
            var second = bookmark.TryReadSlot(SlotDistance);
            damaged = !first && !second;
            return bookmark;
        }
        catch
        {
            bookmark.Dispose();
            throw;
        }
    }

    /// <summary>Throws <see cref="JournalVersionException"/> for a newer version; changes nothing.</summary>
    public static void RefuseNewer(StoreDirectory directory)
    {
        if (!directory.Exists(FileName)) return;
        using var bookmark = new JournalBookmark(directory.Open(FileName));
        bookmark.TryReadSlot(0);
        bookmark.TryReadSlot(SlotDistance);
    }

    /// <summary>Moves the mark forward durably; a position that is not ahead of it changes nothing.</summary>
    public void Advance(JournalPosition position)
    {
        lock (_gate)
        {
            if (position.Sequence <= _sequence) return;
            var generation = _generation + 1;
            // After a failure the same slot is written again: the other one is the only one known to be good.
            _file.Write(Slot(generation, position.Sequence), generation % 2 == 0 ? 0 : SlotDistance);
            _file.Sync();
            _generation = generation;
            _sequence = position.Sequence;
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Both slots at once: moving the mark, which makes room on a full disk, must not need room.</summary>
    private static void Create(StoreDirectory directory)
    {
        var slots = new byte[SlotDistance + SlotBytes];
        var slot = Slot(generation: 0, sequence: 0);
        slot.CopyTo(slots, 0);
        slot.CopyTo(slots, SlotDistance);
        directory.Replace(FileName, slots);
    }

    private static byte[] Slot(ulong generation, ulong sequence)
    {
        var slot = new byte[SlotBytes];
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt16LittleEndian(slot.AsSpan(VersionOffset), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(GenerationOffset), generation);
        BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(SequenceOffset), sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(CrcOffset), Crc32C.Compute(slot.AsSpan(0, CrcOffset)));
        return slot;
    }

    private bool TryReadSlot(long offset)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        try
        {
            if (_file.Read(slot, offset) < SlotBytes || !slot.StartsWith(Magic)) return false;
        }
        catch (Exception error) when (StoreErrors.IsUnreadable(error))
        {
            // As good as damaged: the other slot holds, or more is read again.
            return false;
        }
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot[CrcOffset..]) != Crc32C.Compute(slot[..CrcOffset])) return false;
        var version = BinaryPrimitives.ReadUInt16LittleEndian(slot[VersionOffset..]);
        if (version > Version) throw new JournalVersionException(FileName, version, Version);
        var generation = BinaryPrimitives.ReadUInt64LittleEndian(slot[GenerationOffset..]);
        if (generation >= _generation)
        {
            _generation = generation;
            _sequence = BinaryPrimitives.ReadUInt64LittleEndian(slot[SequenceOffset..]);
        }
        return true;
    }
}
