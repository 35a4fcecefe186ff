using System.Globalization;
using System.Text.RegularExpressions;

namespace CostAttribution.Testing.Segments;

/// <summary>What a journal directory holds, by the slow reader.</summary>
/// <param name="Records">In the order in which they are delivered.</param>
/// <param name="Missing">Acknowledged records that cannot be read back.</param>
public sealed record SlowReading(IReadOnlyList<(ulong Sequence, byte[] Payload)> Records, long Missing);

/// <summary>
/// Reads segments in the slow and obvious way, written from docs/journal-format.md and sharing no code with the product: whole
/// files in memory, byte by byte. For holding the real reader against.
/// </summary>
public static partial class SlowSegments
{
    private const int HeaderBytes = 128;
    private const int FrameBytes = 24;

    private sealed record Segment(byte[] Bytes, ulong First, ulong? Durable, List<(ulong Sequence, byte[] Payload)> Records);

    /// <summary>Reads all segments of a directory as the next start and a reader from the oldest record on see them.</summary>
    public static SlowReading Read(IReadOnlyDictionary<string, byte[]> files)
    {
        var segments = files.Where(file => Name().IsMatch(file.Key)).Select(file => Parse(file.Key, file.Value))
            .OrderBy(segment => segment.First).ToList();
        // The last segment ends with its last good record. One without any goes, but what its header says still counts.
        Segment? emptied = null;
        while (segments.Count > 0 && emptied is null && segments[^1].Records.Count == 0)
        {
            if (segments[^1].Durable is not null) emptied = segments[^1];
            segments.RemoveAt(segments.Count - 1);
        }
        var records = new List<(ulong Sequence, byte[] Payload)>();
        long missing = 0;
        for (var index = 0; index < segments.Count; index++)
        {
            var segment = segments[index];
            var next = index + 1 < segments.Count ? segments[index + 1] : emptied;
            var last = next is null
                ? segment.Records[^1].Sequence
                : Math.Clamp(next.Durable ?? next.First - 1, segment.First - 1, next.First - 1);
            var read = segment.Records.Where(record => record.Sequence <= last).ToList();
            missing += (long)(last - segment.First + 1) - read.Count;
            records.AddRange(read);
        }
        return new SlowReading(records, missing);
    }

    private static Segment Parse(string name, byte[] bytes)
    {
        var first = ulong.Parse(Name().Match(name).Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var isSound = bytes.Length >= HeaderBytes && Number(bytes, 0, 8) == 0x0A1A0A0D4A414389 && Number(bytes, 8, 2) == 1
            && Number(bytes, 10, 2) == HeaderBytes && Number(bytes, 124, 4) == Crc(bytes, 0, 124) && Number(bytes, 16, 8) == first;
        return new Segment(bytes, first, isSound ? Number(bytes, 24, 8) : null, Records(bytes, first));
    }

    private static List<(ulong Sequence, byte[] Payload)> Records(byte[] bytes, ulong first)
    {
        var records = new List<(ulong Sequence, byte[] Payload)>();
        var next = first;
        var at = HeaderBytes;
        while (at < bytes.Length)
        {
            if (IsFrame(bytes, at, first, next))
            {
                var end = at + FrameBytes + (long)Number(bytes, at + 4, 4);
                if (end > bytes.Length) break;
                if (IsPayload(bytes, at))
                {
                    next = Number(bytes, at + 8, 8);
                    records.Add((next, bytes[(at + FrameBytes)..(int)end]));
                    next++;
                }
                at = (int)end;
                continue;
            }
            do at++;
            while (at < bytes.Length && !(IsFrame(bytes, at, first, next) && IsPayload(bytes, at)));
        }
        return records;
    }

    private static bool IsFrame(byte[] bytes, int at, ulong first, ulong next)
    {
        if (at + FrameBytes > bytes.Length || Number(bytes, at, 4) != 0xC34A52A7) return false;
        byte[] covered = [.. BitConverter.GetBytes(first), .. bytes[at..(at + 20)]];
        if (Number(bytes, at + 20, 4) != Crc(covered, 0, covered.Length)) return false;
        return Number(bytes, at + 4, 4) is > 0 and <= int.MaxValue && Number(bytes, at + 8, 8) is var sequence
            && sequence >= next && sequence < ulong.MaxValue;
    }

    private static bool IsPayload(byte[] bytes, int at)
    {
        var length = (long)Number(bytes, at + 4, 4);
        return at + FrameBytes + length <= bytes.Length
            && Number(bytes, at + 16, 4) == Crc(bytes, at + FrameBytes, (int)length);
    }

    private static ulong Number(byte[] bytes, int at, int count)
    {
        ulong value = 0;
        for (var index = count - 1; index >= 0; index--) value = (value << 8) | bytes[at + index];
        return value;
    }

    /// <summary>CRC-32C bit by bit: reflected polynomial 82F63B78.</summary>
    private static uint Crc(byte[] bytes, int from, int count)
    {
        var state = uint.MaxValue;
        for (var index = from; index < from + count; index++)
        {
            state ^= bytes[index];
            for (var bit = 0; bit < 8; bit++) state = (state >> 1) ^ ((state & 1) * 0x82F63B78);
        }
        return ~state;
    }

    [GeneratedRegex("^journal-([0-9a-f]{16})\\.seg$")]
    private static partial Regex Name();
}
