using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Attributes whose text is JSON or a Python dictionary. Only known numeric and identity members are taken out, each under a
/// key of its own; the text itself is never kept, since it may hold prompts. A member's key is named
/// <c>attribute:path.of.members</c>, and settings may add such names like any other.
/// </summary>
public static class StructuredAttributes
{
    /// <summary>Objects inside each other that are still read.</summary>
    public const int DepthMax = 16;

    /// <summary>Objects and lists inside each other that are skipped over; deeper text is a fault.</summary>
    private const int SkippedDepthMax = 64;

    /// <summary>Longest name of a member with its path, in bytes; longer ones are no known member.</summary>
    private const int MemberNameBytesMax = 256;

    /// <summary>Longest text value taken from a member before the builder's own limit, in bytes.</summary>
    private const int TextBytesMax = 4096;

    /// <summary>How a text is read.</summary>
    /// <param name="WithUsage">Whether members that carry quantities are taken.</param>
    /// <param name="OfUsage">Whether every number is a billed quantity.</param>
    private readonly record struct Reading(bool WithUsage, bool OfUsage, SpanBatchBuilder Builder);

    /// <summary>
    /// Adds the known members of <paramref name="utf8"/> to the span or resource being built. False when the text cannot be
    /// read: then no quantity stays, since the ones behind the fault may be parts or counterparts of those before it; names do.
    /// </summary>
    public static bool TryExtract(ushort key, ReadOnlySpan<byte> utf8, SpanBatchBuilder builder)
    {
        if (utf8.Length > builder.Limits.StructuredBytesMax) return false;
        utf8 = utf8.Trim(" \t\r\n"u8);
        if (utf8.IsEmpty) return true;
        if (utf8[0] != '{') return false;
        if (IsPython(utf8)) return TryExtractPython(key, utf8, builder);
        return TryExtractWhole(key, utf8, builder);
    }

    private static bool TryExtractWhole(ushort key, ReadOnlySpan<byte> json, SpanBatchBuilder builder)
    {
        var mark = builder.Mark();
        if (TryExtractJson(key, json, withUsage: true, builder)) return true;
        builder.Return(mark);
        TryExtractJson(key, json, withUsage: false, builder);
        return false;
    }

    private static bool TryExtractJson(ushort key, ReadOnlySpan<byte> json, bool withUsage, SpanBatchBuilder builder)
    {
        Span<byte> name = stackalloc byte[MemberNameBytesMax];
        var prefix = Encoding.UTF8.GetBytes(builder.Keys.NameOf(key), name);
        name[prefix++] = (byte)':';
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = SkippedDepthMax });
        try
        {
            reader.Read();
            var reading = new Reading(withUsage, withUsage && KnownKeys.IsMapOfUsage(key), builder);
            ExtractObject(ref reader, name, prefix, 1, reading);
            // Anything behind the object is a fault too.
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            // An escaped name or text that is no valid UTF-16.
            return false;
        }
    }

    private static void ExtractObject(ref Utf8JsonReader reader, scoped Span<byte> name, int prefix, int depth,
        in Reading reading)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var length = AppendMember(ref reader, name, prefix);
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when length < MemberNameBytesMax && depth < DepthMax:
                    name[length] = (byte)'.';
                    ExtractObject(ref reader, name, length + 1, depth + 1, reading);
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    reader.Skip();
                    break;
                default:
                    if (length > MemberNameBytesMax || !reading.Builder.Keys.TryGet(name[..length], out var member))
                    {
                        if (reading.OfUsage && IsPositive(ref reader)) reading.Builder.Flag(SpanRecordFlags.UnknownUsageLine);
                    }
                    else if (reading.WithUsage || (member.Use & AttributeUse.Usage) == 0)
                    {
                        AddValue(ref reader, member, reading.Builder);
                    }
                    break;
            }
        }
    }

    /// <summary>Writes the member's name behind its path; a length above the maximum means "too long to be known".</summary>
    private static int AppendMember(ref Utf8JsonReader reader, scoped Span<byte> name, int prefix)
    {
        var bytes = reader.ValueSpan;
        if (prefix + bytes.Length > name.Length) return MemberNameBytesMax + 1;
        if (reader.ValueIsEscaped) return prefix + reader.CopyString(name[prefix..]);
        bytes.CopyTo(name[prefix..]);
        return prefix + bytes.Length;
    }

    private static bool IsPositive(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) && value > 0;

    private static void AddValue(ref Utf8JsonReader reader, in KnownKey member, SpanBatchBuilder builder)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number when reader.TryGetInt64(out var whole):
                builder.AddInt(member, whole);
                break;
            case JsonTokenType.Number when reader.TryGetDouble(out var value):
                builder.AddDouble(member, value);
                break;
            case JsonTokenType.True or JsonTokenType.False:
                builder.AddBool(member, reader.TokenType == JsonTokenType.True);
                break;
            case JsonTokenType.String when !reader.ValueIsEscaped:
                builder.AddText(member, reader.ValueSpan);
                break;
            case JsonTokenType.String when reader.ValueSpan.Length <= TextBytesMax:
                Span<byte> text = stackalloc byte[TextBytesMax];
                builder.AddText(member, text[..reader.CopyString(text)]);
                break;
        }
    }

    // In JSON the first thing after the brace is a double quote or the closing brace.
    private static bool IsPython(ReadOnlySpan<byte> text)
    {
        var first = text[1..].TrimStart(" \t\r\n"u8);
        return !first.IsEmpty && first[0] == '\'';
    }

    private static bool TryExtractPython(ushort key, ReadOnlySpan<byte> text, SpanBatchBuilder builder)
    {
        // A rewritten character takes at most two bytes.
        var json = ArrayPool<byte>.Shared.Rent(text.Length * 2 + 8);
        try
        {
            var length = PythonText.ToJson(text, json);
            if (length > 0) return TryExtractWhole(key, json.AsSpan(0, length), builder);
            // A text in it has no end; what stands before may name someone.
            TryExtractJson(key, json.AsSpan(0, -length), withUsage: false, builder);
            return false;
        }
        finally
        {
            // The text may hold content: it does not outlive the call.
            ArrayPool<byte>.Shared.Return(json, clearArray: true);
        }
    }
}
