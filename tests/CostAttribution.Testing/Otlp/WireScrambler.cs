using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CostAttribution.Testing.Otlp;

/// <summary>
/// Rewrites an encoded message into another encoding that a protobuf parser must accept: fields in another order, unknown
/// fields of every wire type, singular fields given twice, and submessages cut in two.
/// </summary>
/// <param name="splitsLists">Whether the lists inside attribute values are cut in two as well.</param>
public sealed class WireScrambler(Random random, bool splitsLists)
{
    private sealed record Field(int Number, WireFormat.WireType Type, byte[] Encoded, byte[] Payload);

    public byte[] Scramble(MessageDescriptor schema, byte[] message)
    {
        var pieces = new List<Field>();
        foreach (var field in Split(message)) Rewrite(schema, field, pieces);
        if (random.Next(2) == 0) Shuffle(pieces, schema);

        using var buffer = new MemoryStream();
        foreach (var piece in pieces)
        {
            if (random.Next(12) == 0) buffer.Write(Unknown(depth: 3));
            buffer.Write(piece.Encoded);
        }
        if (random.Next(6) == 0) buffer.Write(Unknown(depth: 3));
        return buffer.ToArray();
    }

    private void Rewrite(MessageDescriptor schema, Field field, List<Field> pieces)
    {
        var known = schema.FindFieldByNumber(field.Number);
        if (known is null)
        {
            pieces.Add(field);
            return;
        }
        if (known.FieldType == FieldType.Message)
        {
            var parts = Split(field.Payload);
            var isList = known.ContainingOneof is not null;
            if (!known.IsRepeated && (splitsLists || !isList) && parts.Count > 1 && random.Next(4) == 0)
            {
                var cut = random.Next(1, parts.Count);
                pieces.Add(Message(known, Join(parts.Take(cut))));
                pieces.Add(Message(known, Join(parts.Skip(cut))));
                return;
            }
            pieces.Add(Message(known, field.Payload));
            return;
        }
        // An earlier value that the later one replaces.
        if (!known.IsRepeated && field.Type == WireFormat.WireType.LengthDelimited && random.Next(8) == 0)
            pieces.Add(Delimited(field.Number, [1, 2, 3]));
        pieces.Add(field);
    }

    private Field Message(FieldDescriptor field, byte[] payload) =>
        Delimited(field.FieldNumber, Scramble(field.MessageType, payload));

    // Occurrences of one field, and members of one oneof, keep their order: it has a meaning.
    private void Shuffle(List<Field> pieces, MessageDescriptor schema)
    {
        int GroupOf(Field piece)
        {
            var oneof = schema.FindFieldByNumber(piece.Number)?.ContainingOneof;
            return oneof is null ? piece.Number : -1 - oneof.Index;
        }
        var slots = pieces.Select(GroupOf).ToArray();
        random.Shuffle(slots);
        var queues = pieces.GroupBy(GroupOf).ToDictionary(group => group.Key, group => new Queue<Field>(group));
        for (var i = 0; i < slots.Length; i++) pieces[i] = queues[slots[i]].Dequeue();
    }

    private byte[] Unknown(int depth)
    {
        using var buffer = new MemoryStream();
        var output = new CodedOutputStream(buffer, leaveOpen: true);
        var number = random.Next(2000, 3000);
        switch (random.Next(depth > 0 ? 6 : 5))
        {
            case 0:
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteUInt64((ulong)random.NextInt64(long.MinValue, long.MaxValue));
                break;
            case 1:
                output.WriteTag(number, WireFormat.WireType.Fixed32);
                output.WriteFixed32((uint)random.Next());
                break;
            case 2:
                output.WriteTag(number, WireFormat.WireType.Fixed64);
                output.WriteFixed64((ulong)random.NextInt64());
                break;
            case 3:
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(new byte[random.Next(200)]));
                break;
            case 4:
                // A known number with a wire type that it does not have is unknown too.
                output.WriteTag(random.Next(1, 6), WireFormat.WireType.Fixed32);
                output.WriteFixed32((uint)random.Next());
                break;
            default:
                output.WriteTag(number, WireFormat.WireType.StartGroup);
                output.Flush();
                buffer.Write(Unknown(depth - 1));
                output.WriteTag(number, WireFormat.WireType.EndGroup);
                break;
        }
        output.Flush();
        return buffer.ToArray();
    }

    private static Field Delimited(int number, byte[] payload)
    {
        using var buffer = new MemoryStream();
        var output = new CodedOutputStream(buffer, leaveOpen: true);
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(payload));
        output.Flush();
        return new Field(number, WireFormat.WireType.LengthDelimited, buffer.ToArray(), payload);
    }

    private static byte[] Join(IEnumerable<Field> fields) => [.. fields.SelectMany(field => field.Encoded)];

    private static List<Field> Split(byte[] message)
    {
        var fields = new List<Field>();
        var input = new CodedInputStream(message);
        while (true)
        {
            var start = (int)input.Position;
            var tag = input.ReadTag();
            if (tag == 0) return fields;
            var type = WireFormat.GetTagWireType(tag);
            byte[] payload = [];
            switch (type)
            {
                case WireFormat.WireType.Varint: input.ReadUInt64(); break;
                case WireFormat.WireType.Fixed32: input.ReadFixed32(); break;
                case WireFormat.WireType.Fixed64: input.ReadFixed64(); break;
                default: payload = input.ReadBytes().ToByteArray(); break;
            }
            fields.Add(new Field(WireFormat.GetTagFieldNumber(tag), type, message[start..(int)input.Position], payload));
        }
    }
}
