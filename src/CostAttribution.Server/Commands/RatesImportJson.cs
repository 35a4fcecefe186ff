using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CostAttribution.RateCards.Importing;

namespace CostAttribution.Server.Commands;

/// <summary>An import's plan for programs: everything, prices as text.</summary>
internal static class RatesImportJson
{
    // Read by programs and terminals, never put into a page.
    private static readonly JsonWriterOptions Options =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(ImportPlan plan, IReadOnlyList<string> written)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            All(json, "files", plan.Files, (json, file) =>
                Fields(json, ("source", ImportSources.NameOf(file.Source)), ("file", file.File),
                ("day", file.Day)).Numbers(("bytes", file.Bytes), ("models", file.Models), ("prices", file.Lines)));
            All(json, "new", plan.New, (json, card) => Card(json, card));
            All(json, "changed", plan.Changed, (json, change) =>
            {
                Fields(json, ("id", change.Id), ("replaces", change.Replaces), ("from", change.From));
                All(json, "lines", change.Lines, (json, line) => Fields(json, ("line", line.Line), ("before", line.Before),
                    ("after", line.After), ("change", line.Percent)));
            });
            All(json, "removed", plan.Removed, (json, id) => Fields(json, ("id", id)));
            All(json, "disagreements", plan.Disagreements, (json, said) =>
            {
                Fields(json, ("provider", said.Provider), ("seller", said.Seller), ("model", said.Model), ("line", said.Line));
                All(json, "values", said.Values, (json, value) =>
                    Fields(json, ("origin", value.Origin), ("day", value.Day), ("value", value.Value)));
            });
            foreach (var (kind, name) in new[]
            {
                (ImportFindingKind.Refused, "refused"), (ImportFindingKind.NotExpressible, "notExpressible"),
                (ImportFindingKind.NoPrice, "noPrice"), (ImportFindingKind.Warning, "warnings"),
            })
            {
                All(json, name, plan.Findings.Of(kind), (json, finding) =>
                    Fields(json, ("source", ImportSources.NameOf(finding.Source)),
                    ("file", finding.File), ("path", finding.Path), ("reason", finding.Reason)));
            }
            All(json, "notUnderstood", plan.Findings.UnknownFields, (json, unknown) =>
                Fields(json, ("source", ImportSources.NameOf(unknown.Source)),
                ("field", unknown.Field), ("first", unknown.Example)).Numbers(("count", unknown.Count)));
            All(json, "faults", plan.Faults, (json, fault) => Fields(json, ("fault", fault.ToString())));
            json.Numbers(("unchanged", plan.Unchanged), ("covered", plan.Covered));
            All(json, "written", written, (json, path) => Fields(json, ("file", path)));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void Card(Utf8JsonWriter json, ImportedCard card)
    {
        Fields(json, ("id", card.Card.Id), ("source", ImportSources.NameOf(card.Source)), ("key", card.Key), ("note", card.Note));
        json.WriteStartObject("rates");
        foreach (var rate in card.Card.Rates) json.WriteString(rate.Unit, ImportText.Price(rate));
        json.WriteEndObject();
    }

    private static void All<T>(Utf8JsonWriter json, string name, IEnumerable<T> all, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var one in all)
        {
            json.WriteStartObject();
            write(json, one);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static Utf8JsonWriter Fields(Utf8JsonWriter json, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        foreach (var (name, value) in fields) json.WriteString(name, value);
        return json;
    }

    private static void Numbers(this Utf8JsonWriter json, params ReadOnlySpan<(string Name, int Value)> fields)
    {
        foreach (var (name, value) in fields) json.WriteNumber(name, value);
    }
}
