using System.Buffers.Binary;
using System.Numerics;

namespace CostAttribution.Journal.Storage;

/// <summary>CRC-32C (Castagnoli), as in RFC 3720: the check value of the ASCII digits 1 to 9 is E3069283.</summary>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> bytes) => ~Continue(uint.MaxValue, bytes);

    /// <summary>The checksum of a number in little-endian order, followed by the bytes.</summary>
    public static uint Compute(ulong first, ReadOnlySpan<byte> bytes) =>
        ~Continue(BitOperations.Crc32C(uint.MaxValue, first), bytes);

    /// <summary>Checksum of a payload in several pieces: start with <see cref="uint.MaxValue"/>, complement the end.</summary>
    public static uint Continue(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var one in bytes) state = BitOperations.Crc32C(state, one);
        return state;
    }
}
