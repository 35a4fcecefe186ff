using System.Globalization;

namespace CostAttribution.Api.Reading;

/// <summary>One question to the store while it is being written: SQL text and the values of its placeholders.</summary>
internal sealed class StoreQuery
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public string Sql { get; set; } = "";

    public IReadOnlyDictionary<string, string> Values => values;

    /// <summary>
    /// Keeps the value and returns its placeholder, <c>{name:Type}</c>. Names and types come from the program, never from a
    /// request.
    /// </summary>
    public string Bind(string name, string type, string value)
    {
        values.Add(name, value);
        return $"{{{name}:{type}}}";
    }

    public string BindText(string name, string value) => Bind(name, "String", value);

    public string BindTime(string name, DateTimeOffset time) =>
        Bind(name, "DateTime64(6, 'UTC')", Requests.TimeText.ForStore(time));

    /// <summary>A condition that the expression equals one of the values.</summary>
    public string In(string expression, string name, IReadOnlyList<string> texts)
    {
        var placeholders = texts.Select((text, i) => BindText(string.Create(CultureInfo.InvariantCulture, $"{name}_{i}"), text))
            .ToArray();
        return placeholders.Length == 1 ? $"{expression} = {placeholders[0]}"
            : $"{expression} IN ({string.Join(", ", placeholders)})";
    }
}
