using System.Globalization;
using System.Text;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Testing.Otlp;

/// <summary>
/// Writes the spans of a batch as readable text, so that two ways of decoding can be compared and differences seen.
/// </summary>
public static class PlainSpans
{
    /// <summary>One text per span: header, links, attributes, resource and scope.</summary>
    public static List<string> From(SpanBatch batch, AttributeKeyTable keys)
    {
        var spans = new List<string>();
        var sources = new SourceTable();
        foreach (var span in batch.Spans)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"{span.TraceId} {span.SpanId} <{span.ParentSpanId}> {Text(span.Name)}\n");
            text.Append(CultureInfo.InvariantCulture,
                $"{span.Kind} {span.Status} {span.StartNanos} {span.EndNanos} {span.ReceivedNanos}\n");
            text.Append(CultureInfo.InvariantCulture, $"flags {span.Flags} hints {span.Hints}\n");
            for (var i = 0; i < span.LinkCount; i++)
                text.Append(CultureInfo.InvariantCulture, $"link {span.Link(i).TraceId} {span.Link(i).SpanId}\n");
            Append(text, span.Attributes, keys);
            text.Append("resource\n");
            Append(text, sources.Resource(batch.Resource(span.ResourceIndex)).Attributes, keys);
            var scope = sources.Scope(batch.Scope(span.ScopeIndex));
            text.Append(CultureInfo.InvariantCulture, $"scope {scope.Name}|{scope.Version}|{scope.SchemaUrl}\n");
            spans.Add(text.ToString());
        }
        return spans;
    }

    /// <summary>The attributes as lines of <see cref="Line"/>.</summary>
    public static void Append(StringBuilder text, AttributeReader attributes, AttributeKeyTable keys)
    {
        foreach (var attribute in attributes)
        {
            object value = attribute.Type switch
            {
                AttributeType.String => Text(attribute.Utf8),
                AttributeType.Int => attribute.Int,
                AttributeType.Bool => attribute.Bool,
                _ => attribute.Double,
            };
            text.Append(Line(keys.NameOf(attribute.Key), attribute.Type, value));
        }
    }

    public static string Line(string key, AttributeType type, object value) =>
        string.Create(CultureInfo.InvariantCulture,
            $"  {key} {type} {(value is double real ? BitConverter.DoubleToInt64Bits(real) : value)}\n");

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
