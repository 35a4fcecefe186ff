using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CostAttribution.Api.Costs;

namespace CostAttribution.Api.Json;

/// <summary>How answers are written.</summary>
internal static class JsonSetup
{
    // A span tree takes two levels per span, and a little around it.
    private const int DepthMax = 2 * ApiLimits.TreeLevelsMax + 56;

    /// <summary>As <see cref="Apply"/>, without members that do not apply to the problem at hand.</summary>
    public static readonly JsonSerializerOptions Problems = MakeForProblems();

    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DictionaryKeyPolicy = null;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.Never;
        options.MaxDepth = DepthMax;
        // The answers are application/json, never put into a page as they are: names keep their letters readable.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new MoneyConverter());
        options.Converters.Add(new CountConverter());
        options.Converters.Add(new InstantConverter());
        options.Converters.Add(new CostRowConverter());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
    }

    private static JsonSerializerOptions MakeForProblems()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Apply(options);
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        return options;
    }
}
