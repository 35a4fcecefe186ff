using System.Globalization;
using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>One mapping of a file, read field by field; what nobody asked for is an unknown field.</summary>
internal sealed class YamlFields
{
    private readonly string file;
    private readonly List<RateCardFault> faults;
    private readonly Dictionary<string, (YamlNode Key, YamlNode Value)> fields = [];

    private YamlFields(string file, List<RateCardFault> faults, YamlNode node)
    {
        this.file = file;
        this.faults = faults;
        Line = (int)node.Start.Line;
    }

    /// <summary>Line of the mapping, from 1.</summary>
    public int Line { get; }

    public IEnumerable<(string Name, YamlNode Key, YamlNode Value)> All => fields.Select(named =>
        (named.Key, named.Value.Key, named.Value.Value));

    /// <summary>Null, with a fault, when the node is not a mapping.</summary>
    public static YamlFields? From(YamlNode node, string what, string file, List<RateCardFault> faults)
    {
        var read = new YamlFields(file, faults, node);
        if (node is not YamlMappingNode mapping)
        {
            read.Fault(node, RateCardFaultKind.BadValue, $"{what} must be a mapping of fields");
            return null;
        }
        foreach (var (key, value) in mapping.Children)
        {
            if (key is YamlScalarNode { Value: { } name }) read.fields[name] = (key, value);
            else read.Fault(key, RateCardFaultKind.UnknownField, $"{what} has a field whose name is not plain text");
        }
        return read;
    }

    /// <summary>Says which fields may appear; every other one is a fault.</summary>
    public void Allow(string what, params ReadOnlySpan<string> names)
    {
        foreach (var (name, (key, _)) in fields)
        {
            if (!names.Contains(name)) Fault(key, RateCardFaultKind.UnknownField,
                $"unknown field '{name}' in {what}; known are {string.Join(", ", names)}");
        }
    }

    public YamlNode? Node(string name) => fields.TryGetValue(name, out var named) ? named.Value : null;

    /// <summary>Text of a field; null when it is absent or, with a fault, not a plain value.</summary>
    public string? Text(string name)
    {
        if (Node(name) is not { } node) return null;
        return TextOf(node, $"'{name}'");
    }

    public string? Required(string name, string what)
    {
        if (fields.ContainsKey(name)) return Text(name);
        Fault(Line, RateCardFaultKind.MissingField, $"{what} lacks '{name}'");
        return null;
    }

    public string? TextOf(YamlNode node, string what)
    {
        if (node is YamlScalarNode { Value: { Length: > 0 } text }) return text;
        Fault(node, RateCardFaultKind.BadValue, $"{what} must be text");
        return null;
    }

    /// <summary>Items of a list field; empty when it is absent or, with a fault, not a list.</summary>
    public IReadOnlyList<YamlNode> List(string name)
    {
        if (Node(name) is not { } node) return [];
        if (node is YamlSequenceNode sequence) return [.. sequence.Children];
        Fault(node, RateCardFaultKind.BadValue, $"'{name}' must be a list");
        return [];
    }

    public bool Flag(string name)
    {
        if (Node(name) is not { } node) return false;
        if (node is YamlScalarNode { Value: "true" or "false" } scalar) return scalar.Value == "true";
        Fault(node, RateCardFaultKind.BadValue, $"'{name}' must be true or false");
        return false;
    }

    /// <summary>A whole number; null when it is absent or, with a fault, not one from 0 to <paramref name="max"/>.</summary>
    public long? Whole(string name, long max)
    {
        if (Node(name) is null || Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= max) return value;
        Fault(Node(name)!, RateCardFaultKind.BadValue, $"'{name}' is '{text}', not a whole number up to {max}");
        return null;
    }

    /// <summary>One of the names of an enumeration, written as <c>whole_words</c>.</summary>
    public T Choice<T>(string name, T otherwise)
        where T : struct, Enum
    {
        if (Node(name) is null || Text(name) is not { } text) return otherwise;
        foreach (var value in Enum.GetValues<T>())
        {
            if (NameOf(value) == text) return value;
        }
        Fault(Node(name)!, RateCardFaultKind.BadValue,
            $"'{name}' is '{text}', must be one of {string.Join(", ", Enum.GetValues<T>().Select(NameOf))}");
        return otherwise;
    }

    /// <summary>A list of texts, or one text; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (Node(name) is not { } node) return [];
        if (node is YamlScalarNode) return Text(name) is { } only ? [only] : [];
        return [.. List(name).Select(element => TextOf(element, $"'{name}'")).OfType<string>()];
    }

    private static string NameOf<T>(T value)
        where T : struct, Enum => string.Concat(value.ToString().Select((letter, index) =>
            char.IsAsciiLetterUpper(letter) ? (index > 0 ? "_" : "") + char.ToLowerInvariant(letter) : letter.ToString()));

    public long? Instant(string name)
    {
        if (Node(name) is not { } node) return null;
        if (node is YamlScalarNode { Value: { } text } && RateCardTime.TryParse(text, out var nanos)) return nanos;
        Fault(node, RateCardFaultKind.BadValue, $"'{name}' must be a UTC date such as 2026-08-21 or 2026-08-21T12:00:00Z");
        return null;
    }

    public Rational? Decimal(string name)
    {
        if (Node(name) is not { } node) return null;
        if (TextOf(node, $"'{name}'") is not { } text) return null;
        if (Rational.TryParseDecimal(text, out var value)) return value;
        Fault(node, RateCardFaultKind.BadDecimal, $"'{name}' is '{text}', not a plain decimal such as 0.5");
        return null;
    }

    public void Fault(YamlNode node, RateCardFaultKind kind, string reason) => Fault((int)node.Start.Line, kind, reason);

    public void Fault(int line, RateCardFaultKind kind, string reason) => faults.Add(new RateCardFault(file, line, kind, reason));
}
