using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace CostAttribution.Domain.Tracing;

/// <summary>A resource: the process that emitted spans, as its kept attributes.</summary>
public sealed class ResourceInfo
{
    private readonly byte[] encoded;

    internal ResourceInfo(ReadOnlySpan<byte> encoded)
    {
        this.encoded = encoded.ToArray();
        Hash = XxHash3.HashToUInt64(encoded);
        foreach (var attribute in Attributes)
        {
            if (attribute.Key == KnownKeys.ServiceName && attribute.Type == AttributeType.String)
                ServiceName = Encoding.UTF8.GetString(attribute.Utf8);
        }
    }

    public string ServiceName { get; } = "";
    public AttributeReader Attributes => new(encoded.AsSpan(2), BinaryPrimitives.ReadUInt16LittleEndian(encoded));

    /// <summary>Hash of what it says; not for keeping, since ids of configured keys are in it.</summary>
    public ulong Hash { get; }
    internal ReadOnlySpan<byte> Encoded => encoded;

    /// <summary>
    /// Orders resources by how much they say: more kept attributes first, then by their bytes, so that two copies of a span never
    /// tie unless they are the same.
    /// </summary>
    internal static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var attributes = BinaryPrimitives.ReadUInt16LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt16LittleEndian(right));
        return attributes != 0 ? attributes : left.SequenceCompareTo(right);
    }
}

/// <summary>An instrumentation scope.</summary>
public sealed class ScopeInfo
{
    private readonly byte[] encoded;

    internal ScopeInfo(ReadOnlySpan<byte> encoded)
    {
        this.encoded = encoded.ToArray();
        Hash = XxHash3.HashToUInt64(encoded);
        Name = ReadText(ref encoded);
        Version = ReadText(ref encoded);
        SchemaUrl = ReadText(ref encoded);
    }

    public string Name { get; }
    public string Version { get; }
    public string SchemaUrl { get; }

    /// <summary>Hash of what it says.</summary>
    public ulong Hash { get; }
    internal ReadOnlySpan<byte> Encoded => encoded;

    private static string ReadText(ref ReadOnlySpan<byte> rest)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        var text = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return text;
    }
}

/// <summary>
/// Shares one object per distinct resource and scope between traces. Bounded: when full it starts over; traces keep what
/// they hold. Not thread-safe: one per assembly worker.
/// </summary>
public sealed class SourceTable
{
    private const int EntriesMax = 16 * 1024;
    private readonly Dictionary<UInt128, ResourceInfo> resources = [];
    private readonly Dictionary<UInt128, ScopeInfo> scopes = [];

    public ResourceInfo Resource(ReadOnlySpan<byte> encoded)
    {
        var hash = XxHash128.HashToUInt128(encoded);
        if (resources.TryGetValue(hash, out var found)) return found;
        if (resources.Count >= EntriesMax) resources.Clear();
        return resources[hash] = new ResourceInfo(encoded);
    }

    public ScopeInfo Scope(ReadOnlySpan<byte> encoded)
    {
        var hash = XxHash128.HashToUInt128(encoded);
        if (scopes.TryGetValue(hash, out var found)) return found;
        if (scopes.Count >= EntriesMax) scopes.Clear();
        return scopes[hash] = new ScopeInfo(encoded);
    }
}
