using System.Globalization;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Testing.Costing;

/// <summary>
/// What a fixture expects of one span: <c>owner</c>, <c>fallback</c>, <c>duplicate of X</c>, <c>aggregate</c> or <c>none</c>,
/// and named values.
/// </summary>
public sealed record ExpectedSpan(string Id, string Ownership, string Of, IReadOnlyDictionary<string, string> Values);

/// <summary>One request of an arrival script, and the seconds that pass after it.</summary>
public sealed record Arrival(IReadOnlyList<SpanPlan> Spans, double Seconds);

/// <summary>One signed ledger row that an arrival script leaves, in the order of posting.</summary>
public sealed record ExpectedRow(int Sign, string Id, IReadOnlyDictionary<string, string> Values);

/// <summary>
/// A worked example as a text file: a title, spans as an indented tree, and what costing must make of them.
/// <code>
/// E1 title
/// option value                      final, cumulative-loops
/// rates shipped                     the cards the product ships; or made-up ones, a line each, dollars per million:
/// rates openai gpt-x unc=2 out=8    provider, model, then the kinds below or other units
/// trace B                           for the spans that follow; none means the first trace
/// resource service.name = "shop"    for the spans that follow; "resource" alone clears it
/// scope name version schema-url     for the spans that follow
/// S1 span name | client error 0..40    id, name, then kind, status, milliseconds (each may be missing)
///   .gen_ai.operation.name = "chat"    values: "text", `text with "quotes"`, 12, 1.5, true
///   S2 child
/// expect
/// S1 owner unc=100 cr=600 flags=ttl_unknown cost=0.000480
/// arrive                            how the spans come; without it in every order, and all that counts is the end
/// S1                                spans of one request
/// wait 300                          seconds
/// S2 S3
/// ledger                            every row the script above leaves, reversals too, posting by posting
/// + S1 out=100
/// - S1 out=100
/// </code>
/// Times that are not given follow from the tree: siblings one after the other, parents around their children.
/// </summary>
public sealed class TraceFixture
{
    private sealed class Draft
    {
        public required SpanPlan Plan;
        public required int Indent;
        public bool Timed;
        public readonly List<KeyValuePair<string, object>> Attributes = [];
        public readonly List<Draft> Children = [];
    }

    private readonly List<Draft> drafts = [];
    private readonly List<string> script = [];
    private readonly FixtureRates rates = new();
    private List<KeyValuePair<string, object>> resource = [];
    private string scope = "", version = "", schema = "", trace = "";

    public string Title { get; private set; } = "";
    public Dictionary<string, string> Options { get; } = [];
    public IReadOnlyList<SpanPlan> Spans { get; private set; } = [];
    public List<ExpectedSpan> Expected { get; } = [];

    /// <summary>The requests of the script; empty when the fixture has none.</summary>
    public IReadOnlyList<Arrival> Script { get; private set; } = [];

    /// <summary>The rows that the script leaves.</summary>
    public List<ExpectedRow> Ledger { get; } = [];
    public RateBook Rates { get; private set; } = RateBook.Empty;

    public static TraceFixture Read(string path)
    {
        var fixture = new TraceFixture();
        var lines = File.ReadAllLines(path).Where(line => line.Trim().Length > 0 && !line.TrimStart().StartsWith('#')).ToArray();
        fixture.Title = lines[0];
        var section = "";
        foreach (var line in lines.Skip(1))
        {
            if (line is "expect" or "arrive" or "ledger") section = line;
            else if (section == "expect") fixture.ReadExpected(line);
            else if (section == "arrive") fixture.script.Add(line.Trim());
            else if (section == "ledger") fixture.ReadLedger(line);
            else fixture.ReadLine(line);
        }
        var clock = 0L;
        foreach (var root in fixture.drafts.Where(draft => draft.Plan.Parent.Length == 0)) SetTimes(root, ref clock);
        fixture.Spans = [.. fixture.drafts.Select(draft => draft.Plan with { Attributes = draft.Attributes })];
        fixture.Rates = fixture.rates.Load();
        fixture.Script = fixture.ReadScript();
        return fixture;
    }

    private void ReadLine(string line)
    {
        var text = line.Trim();
        var indent = line.Length - line.TrimStart().Length;
        if (text.StartsWith('.')) drafts[^1].Attributes.Add(Attribute(text[1..]));
        else if (text == "resource") resource = [];
        else if (text.StartsWith("resource ", StringComparison.Ordinal)) resource = [.. resource, Attribute(text[9..])];
        else if (text.StartsWith("scope", StringComparison.Ordinal)) ReadScope(text);
        else if (text.StartsWith("option ", StringComparison.Ordinal)) ReadOption(text[7..]);
        else if (text.StartsWith("rates ", StringComparison.Ordinal)) rates.Add(text[6..]);
        else if (text.StartsWith("trace ", StringComparison.Ordinal)) trace = text[6..];
        else ReadSpan(text, indent);
    }

    private void ReadOption(string text)
    {
        var words = text.Split(' ', 2);
        Options[words[0]] = words.Length > 1 ? words[1] : "";
    }

    private void ReadScope(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (scope, version, schema) = (words.ElementAtOrDefault(1) ?? "", words.ElementAtOrDefault(2) ?? "",
            words.ElementAtOrDefault(3) ?? "");
    }

    private void ReadSpan(string text, int indent)
    {
        var halves = text.Split('|', 2);
        var names = halves[0].Trim().Split(' ', 2);
        var parent = drafts.LastOrDefault(draft => draft.Indent < indent);
        var plan = new SpanPlan
        {
            Id = names[0],
            Trace = trace,
            Name = names.ElementAtOrDefault(1) ?? "",
            Parent = parent?.Plan.Id ?? "",
            Scope = scope,
            ScopeVersion = version,
            SchemaUrl = schema,
            Resource = resource,
        };
        var timed = false;
        foreach (var word in halves.Length < 2 ? [] : halves[1].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Enum.TryParse<SpanKind>(word, true, out var kind)) plan = plan with { Kind = kind };
            else if (Enum.TryParse<SpanStatus>(word, true, out var status)) plan = plan with { Status = status };
            else if (word.StartsWith("parent=", StringComparison.Ordinal)) plan = plan with { Parent = word[7..] };
            else
            {
                var times = word.Split("..");
                plan = plan with { StartMillis = Whole(times[0]), EndMillis = Whole(times[1]) };
                timed = true;
            }
        }
        var draft = new Draft { Plan = plan, Indent = indent, Timed = timed };
        parent?.Children.Add(draft);
        drafts.Add(draft);
    }

    private void ReadExpected(string line)
    {
        var words = line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var duplicate = words[1] == "duplicate";
        Expected.Add(new ExpectedSpan(words[0], words[1], duplicate ? words[3] : "", Values(words.Skip(duplicate ? 4 : 2))));
    }

    private void ReadLedger(string line)
    {
        var words = line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words[0] is not ("+" or "-")) throw new InvalidDataException($"{Title}: a ledger row begins with + or -, got {line}");
        Ledger.Add(new ExpectedRow(words[0] == "+" ? 1 : -1, words[1], Values(words.Skip(2))));
    }

    private static Dictionary<string, string> Values(IEnumerable<string> words) =>
        words.Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1].Replace('~', ' '));

    private List<Arrival> ReadScript()
    {
        var arrivals = new List<Arrival>();
        foreach (var line in script)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "wait")
                arrivals[^1] = arrivals[^1] with { Seconds = double.Parse(words[1], CultureInfo.InvariantCulture) };
            else arrivals.Add(new Arrival([.. words.Select(id => Spans.Single(span => span.Id == id))], 0));
        }
        return arrivals;
    }

    private static void SetTimes(Draft draft, ref long clock)
    {
        var start = clock++;
        foreach (var child in draft.Children) SetTimes(child, ref clock);
        var end = clock++;
        if (!draft.Timed) draft.Plan = draft.Plan with { StartMillis = start, EndMillis = end };
    }

    private static KeyValuePair<string, object> Attribute(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        var value = text[(at + 1)..].Trim();
        object parsed = value[0] switch
        {
            '"' or '`' => value[1..^1],
            't' => true,
            'f' => false,
            _ when value.Contains('.', StringComparison.Ordinal) => double.Parse(value, CultureInfo.InvariantCulture),
            _ => Whole(value),
        };
        return new(text[..at].Trim(), parsed);
    }

    private static long Whole(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
