using System.Text.Json.Nodes;
using CostAttribution.Api.Costs;
using CostAttribution.Api.Runs;

namespace CostAttribution.UnitTests.Api;

public sealed class OpenApiTests
{
    private static readonly string[] Paths =
    [
        "/health/live", "/health/ready", "/api/v1/costs", "/api/v1/runs", "/api/v1/runs/{runId}",
            "/api/v1/spans/{traceId}/{spanId}/explain",
        "/api/v1/pipeline", "/api/v1/audits", "/api/v1/audits/{auditId}", "/api/v1/unpriced",
        "/api/v1/quarantine", "/api/v1/quarantine/{postingId}",
        "/api/v1/reported-costs", "/api/v1/flags",
        "/api/v1/rates", "/api/v1/rates/resolve", "/api/v1/rates/{cardId}",
        "/api/v1/adjustments", "/api/v1/adjustments/runs/{runId}", "/api/v1/rates/publish",
        "/api/v1/repricings", "/api/v1/repricings/{repricingId}", "/api/v1/what-if",
    ];

    [Fact]
    public async Task Every_route_parameter_answer_and_field_is_described()
    {
        var document = await DocumentAsync();

        Assert.Equal(Paths.Order(StringComparer.Ordinal),
            document["paths"]!.AsObject().Select(path => path.Key).Order(StringComparer.Ordinal));
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            var get = item!["get"] ?? item["post"]!;
            foreach (var member in new[] { "summary", "description",
                "operationId" }) Assert.False(string.IsNullOrEmpty((string?)get[member]), $"{path} {member}");
            foreach (var parameter in get["parameters"]?.AsArray() ?? [])
            {
                Assert.False(string.IsNullOrEmpty((string?)parameter!["description"]), $"{path} {parameter["name"]}");
                Assert.NotNull(parameter["schema"]);
            }
            foreach (var (status, response) in get["responses"]!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty((string?)response!["description"]), $"{path} {status}");
                var expected = status is not ("200" or "202" or "422") && path.StartsWith("/api/", StringComparison.Ordinal) ? "application/problem+json"
                    : "application/json";
                Assert.NotNull(response["content"]![expected]);
            }
        }
    }

    [Fact]
    public async Task Exactly_the_parameters_that_are_accepted_are_described()
    {
        var document = await DocumentAsync();

        Assert.Equal(
            GetCosts.Parameters.Parameters.Select(parameter => parameter.IsPrefix ? "dimensions" : parameter.Name),
            Names(document, "/api/v1/costs"));
        Assert.Equal(ListRuns.Parameters.Parameters.Select(parameter => parameter.Name), Names(document, "/api/v1/runs"));
        Assert.Equal(["traceId", "spanId"], Names(document, "/api/v1/spans/{traceId}/{spanId}/explain"));
    }

    [Fact]
    public async Task Fields_of_answers_are_described_and_money_is_never_a_number()
    {
        var schemas = (await DocumentAsync())["components"]!["schemas"]!.AsObject();

        var undescribed = new List<string>();
        foreach (var (name, schema) in schemas)
        {
            if (schema!["description"] is null) undescribed.Add(name);
            foreach (var (field, property) in schema["properties"]?.AsObject() ?? [])
            {
                if (field.EndsWith("ost", StringComparison.Ordinal)) Assert.DoesNotContain("number", property!.ToJsonString(),
                    StringComparison.Ordinal);
                // What may be null stands beside it: the words are with what it is otherwise.
                var told = property!["description"] ?? property["oneOf"]?.AsArray().Select(one => one!["description"])
                    .FirstOrDefault(words => words is not null);
                if (told is null) undescribed.Add($"{name}.{field}");
            }
        }
        Assert.Equal([], undescribed);
        Assert.Contains("GetCostsAnswer", schemas.Select(schema => schema.Key));
        Assert.Contains("GetRunAnswer", schemas.Select(schema => schema.Key));
    }

    [Fact]
    public async Task The_document_is_this_one()
    {
        Golden.Matches("openapi.json", ApiHost.Indented(await DocumentAsync()));
    }

    private static IEnumerable<string?> Names(JsonNode document, string path) =>
        document["paths"]![path]!["get"]!["parameters"]!.AsArray().Select(parameter => (string?)parameter!["name"]);

    private static async Task<JsonNode> DocumentAsync()
    {
        await using var host = await ApiHost.StartAsync();
        return (await host.GetAsync("/openapi/v1.json")).Body;
    }
}
