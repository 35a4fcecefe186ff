using System.Text.Json;
using CostAttribution.Api.Json;
using CostAttribution.Api.Problems;
using FluentValidation;
using FluentValidation.Results;
using Microsoft.AspNetCore.Http;

namespace CostAttribution.Api.Requests;

/// <summary>Bodies of the few routes that take one.</summary>
internal static class RequestBody
{
    /// <summary>Largest body, in bytes.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    private static readonly JsonSerializerOptions Options = Make();

    /// <summary>The body as JSON; throws <see cref="ValidationException"/> when it is not what the route takes.</summary>
    public static async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancel) where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, Options, cancel)
                ?? throw Fault("must not be null");
        }
        catch (JsonException fault)
        {
            throw Fault($"is not the JSON that this address takes: {fault.Message.TrimEnd('.')}");
        }
        catch (BadHttpRequestException fault)
        {
            throw Fault($"cannot be read: {fault.Message.TrimEnd('.')}; it has at most {BytesMax} bytes");
        }
    }

    private static ValidationException Fault(string detail) =>
        new([new ValidationFailure("body", detail) { CustomState = new Fault("body", detail) }]);

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        JsonSetup.Apply(options);
        options.UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow;
        return options;
    }
}
