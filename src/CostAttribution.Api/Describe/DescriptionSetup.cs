using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CostAttribution.Api.Costs;
using CostAttribution.Api.Requests;
using CostAttribution.Api.Spans;
using CostAttribution.Domain.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace CostAttribution.Api.Describe;

/// <summary>The OpenAPI document, made from the same tables that check requests.</summary>
internal static class DescriptionSetup
{
    private const string DocumentName = "v1";

    public static void AddDescription(this IServiceCollection services) =>
        services.AddOpenApi(DocumentName, options =>
        {
            options.CreateSchemaReferenceId = NameOf;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Cost attribution",
                    Version = DocumentName,
                    Description =
                        "What AI calls cost, whose cost it is, and why. Money is USD in decimal strings with twelve decimals, "
                        + "never "
                        + "a JSON number. Counts are JSON numbers; beyond 2^53 − 1 they are strings. Times are UTC; ranges are "
                            + "half-open. "
                        + "Anything wrong with a request is answered with an RFC 9457 problem that lists all faults at once.",
                };
                document.Servers = [];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer(DescribeOperation);
            options.AddSchemaTransformer(DescribeSchema);
        });

    public static void MapDescription(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapOpenApi("/openapi/{documentName}.json");

    // Every slice calls its answer Answer: the slice's name makes the difference. Small values that may be null stay inside
    // their owner, because a reference that may be null has no place for a description.
    private static string? NameOf(JsonTypeInfo info)
    {
        if (info.Type == typeof(Money) || info.Type == typeof(Money?) || info.Type == typeof(SpanLink)) return null;
        var name = OpenApiOptions.CreateDefaultSchemaReferenceId(info);
        return name is not null && info.Type.DeclaringType is { } slice ? slice.Name + name : name;
    }

    private static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context,
        CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        foreach (var part in metadata.OfType<DescribedPathPart>())
        {
            if (operation.Parameters.OfType<OpenApiParameter>()
                .FirstOrDefault(known => known.Name == part.Name) is not { } parameter) continue;
            parameter.Description = part.Description;
            parameter.Example = JsonValue.Create(part.Example);
        }
        foreach (var described in metadata.OfType<DescribedParameters>())
        {
            foreach (var parameter in described.Parameters) operation.Parameters.Add(Describe(parameter));
        }
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (response is OpenApiResponse known) known.Description = AnswerText(status);
        }
        return Task.CompletedTask;
    }

    private static string AnswerText(string status) => status switch
    {
        "200" => "The answer.",
        "202" => "It has begun; the Location header says where to look.",
        "400" =>
            "The request is not valid: a parameter is unknown or has a value that is not allowed. errors lists every fault "
            + "with what would be right.",
        "404" => "There is no such thing in the store.",
        "409" => "Something of the kind is under way; wait until it has ended.",
        "422" => "What was sent is refused; the answer says why, and nothing was changed.",
        "500" => "A defect of the server; its log says more under the requestId.",
        "503" => "The store, or a part of this process, is not available now; try again.",
        "504" => "The question takes too long or too much memory; ask for less.",
        _ => "See the status.",
    };

    private static OpenApiParameter Describe(Parameter parameter)
    {
        var description = parameter.Default is null ? parameter.Description
            : $"{parameter.Description} Default: {parameter.Default}.";
        if (parameter.IsPrefix)
        {
            // A free-form object in form style becomes name=value pairs whose names are its own keys: dim.tier=gold.
            return new OpenApiParameter
            {
                Name = "dimensions",
                In = ParameterLocation.Query,
                Description = description,
                Style = ParameterStyle.Form,
                Explode = true,
                Schema =
                    new OpenApiSchema { Type = JsonSchemaType.Object,
                    AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String } },
                Example = new JsonObject { [parameter.Name[..^1] + "tier"] = "gold" },
            };
        }
        var single = Schema(parameter);
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = description,
            Style = ParameterStyle.Form,
            Explode = parameter.Kind != ParameterKind.List,
            Schema = parameter.Repeatable ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = single } : single,
            Example = parameter.Example is null ? null : Example(parameter, parameter.Example),
        };
    }

    private static JsonNode Example(Parameter parameter, string example)
    {
        JsonNode[] parts = parameter.Kind == ParameterKind.List
            ? [.. example.Split(',').Select(part => JsonValue.Create(part))]
            : [parameter.Kind == ParameterKind.Count ? JsonValue.Create(int.Parse(example, CultureInfo.InvariantCulture))
                : JsonValue.Create(example)];
        return parameter.Repeatable ? new JsonArray(parts) : parts[0];
    }

    private static OpenApiSchema Schema(Parameter parameter) => parameter.Kind switch
    {
        ParameterKind.Count => new OpenApiSchema
        {
            Type = JsonSchemaType.Integer,
            Minimum = parameter.Min.ToString(CultureInfo.InvariantCulture),
            Maximum = parameter.Max.ToString(CultureInfo.InvariantCulture),
        },
        ParameterKind.Amount => new OpenApiSchema { Type = JsonSchemaType.String, Pattern = @"^\d{1,26}(\.\d{1,12})?$" },
        // groupBy also takes dim.<name>, which a list of values cannot say.
        ParameterKind.List => new OpenApiSchema { Type = JsonSchemaType.String },
        _ => new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Enum = parameter.Allowed?.Select(value => (JsonNode)JsonValue.Create(value)).ToList(),
            MaxLength = ApiLimits.ValueCharsMax,
        },
    };

    private static async Task DescribeSchema(OpenApiSchema schema, OpenApiSchemaTransformerContext context,
        CancellationToken cancel)
    {
        var type = context.JsonTypeInfo.Type;
        var nullable = Nullable.GetUnderlyingType(type) is not null;
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Money))
        {
            schema.Type = nullable ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String;
            schema.Pattern = @"^-?\d+\.\d{12}$";
            schema.Examples = [JsonValue.Create("1.250000000000")];
        }
        else if (type == typeof(long))
        {
            schema.Type = JsonSchemaType.Integer | JsonSchemaType.String;
            schema.Format = "int64";
            schema.Pattern = null;
        }
        else if (type == typeof(DateTimeOffset))
        {
            schema.Type = nullable ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String;
            schema.Format = "date-time";
            schema.Examples = [JsonValue.Create("2026-01-31T15:00:00Z")];
        }
        else if (type == typeof(CostRow))
        {
            await DescribeRow(schema, context, cancel);
        }
    }

    private static async Task DescribeRow(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancel)
    {
        var figures = await context.GetOrCreateSchemaAsync(typeof(CostFigures), cancellationToken: cancel);
        schema.Type = JsonSchemaType.Object;
        schema.Properties = new Dictionary<string, IOpenApiSchema>();
        foreach (var dimension in CostDimensions.All)
        {
            schema.Properties[dimension.Name] =
                new OpenApiSchema { Type = JsonSchemaType.String,
                Description = $"{dimension.Description}. Present when grouped by." };
        }
        foreach (var period in CostDimensions.Periods)
        {
            schema.Properties[period] =
                new OpenApiSchema { Type = JsonSchemaType.String,
                Description = $"The {period}, in timeZone. Present when grouped by." };
        }
        foreach (var (name, figure) in figures.Properties ?? new Dictionary<string, IOpenApiSchema>()) schema.Properties[name] =
            figure;
        schema.AdditionalProperties =
            new OpenApiSchema { Type = JsonSchemaType.String, Description = "dim.<name>, when grouped by." };
        schema.Required = figures.Required;
        schema.Description =
            "One group: a value for every dimension of groupBy, then its figures. Never all zero: a group that was corrected "
            + "away is not a row.";
    }
}
