using System.Buffers.Binary;
using System.Text;

namespace CostAttribution.Domain.Tracing;

/// <summary>What an attribute key is read for.</summary>
[Flags]
public enum AttributeUse : byte
{
    None = 0,

    /// <summary>Carries a token count or another quantity; counts when two copies of a span are compared.</summary>
    Usage = 1 << 0,

    /// <summary>Carries a dimension's value.</summary>
    Dimension = 1 << 1,

    /// <summary>Names operation, model, provider, run or step.</summary>
    Context = 1 << 2,

    /// <summary>
    /// Text holding JSON or a Python dictionary, of which only known members are kept (<see cref="StructuredAttributes"/>).
    /// </summary>
    Structured = 1 << 3,
}

/// <summary>One key that the decoder keeps.</summary>
public readonly record struct KnownKey(ushort Id, string Name, AttributeUse Use);

/// <summary>
/// The keys that are decoded; every other attribute is skipped unread. Immutable: built once from <see cref="KnownKeys"/> and
/// the configured dimension keys, whose ids start at <see cref="FirstConfiguredId"/> and mean nothing outside their batch's
/// own key list.
/// </summary>
public sealed class AttributeKeyTable
{
    public const ushort FirstConfiguredId = 0x8000;

    private readonly KnownKey[] entries;
    private readonly byte[][] names;
    private readonly int[] slots;
    private readonly int mask;
    private readonly Dictionary<ushort, int> byId;

    /// <param name="configuredKeys">Attribute names from the attribution settings; those already known are ignored.</param>
    public AttributeKeyTable(IEnumerable<string> configuredKeys)
    {
        var known = KnownKeys.All.Select(key => key.Name).ToHashSet(StringComparer.Ordinal);
        var configured = configuredKeys.Where(key => !known.Contains(key)).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).ToArray();
        ConfiguredKeys = [.. configured.Select((name, index) =>
            new KnownKey((ushort)(FirstConfiguredId + index), name, AttributeUse.Dimension))];
        entries = [.. KnownKeys.All, .. ConfiguredKeys];
        names = [.. entries.Select(entry => Encoding.UTF8.GetBytes(entry.Name))];
        byId = entries.Select((entry, index) => (entry.Id, index)).ToDictionary(pair => pair.Id, pair => pair.index);

        var capacity = 16;
        while (capacity < entries.Length * 4) capacity *= 2;
        mask = capacity - 1;
        slots = new int[capacity];
        for (var i = 0; i < entries.Length; i++)
        {
            var slot = Hash(names[i]) & mask;
            while (slots[slot] != 0) slot = (slot + 1) & mask;
            slots[slot] = i + 1;
        }
    }

    /// <summary>Built-in keys only.</summary>
    public static AttributeKeyTable Default { get; } = new([]);

    /// <summary>The keys that settings added, in id order.</summary>
    public IReadOnlyList<KnownKey> ConfiguredKeys { get; }

    /// <summary>Finds a key by its exact UTF-8 name.</summary>
    public bool TryGet(ReadOnlySpan<byte> utf8Name, out KnownKey key)
    {
        for (var slot = Hash(utf8Name) & mask; slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var index = slots[slot] - 1;
            if (!utf8Name.SequenceEqual(names[index])) continue;
            key = entries[index];
            return true;
        }
        key = default;
        return false;
    }

    public bool TryGet(string name, out KnownKey key) => TryGet(Encoding.UTF8.GetBytes(name), out key);

    /// <summary>The name of a key of this table; empty for an id it does not have.</summary>
    public string NameOf(ushort id) => byId.TryGetValue(id, out var index) ? entries[index].Name : "";

    // Length and the last eight bytes tell these keys apart almost always; the comparison above makes it exact.
    private static int Hash(ReadOnlySpan<byte> name)
    {
        ulong tail = 0, head = 0;
        if (name.Length >= 8)
        {
            tail = BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]);
            head = BinaryPrimitives.ReadUInt64LittleEndian(name[(name.Length / 2 - 4)..]);
        }
        else
        {
            foreach (var letter in name) tail = tail << 8 | letter;
        }
        unchecked
        {
            var mixed = (tail ^ (ulong)name.Length * 0x9E37_79B9_7F4A_7C15UL) * 0xD6E8_FEB8_6659_FD93UL
                ^ head * 0xA076_1D64_78BD_642FUL;
            return (int)(mixed >> 33);
        }
    }
}
