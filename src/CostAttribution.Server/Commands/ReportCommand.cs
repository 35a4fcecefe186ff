using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>An option of a report and the query parameter that carries it.</summary>
internal sealed record ReportOption(string Name, string Parameter, string Help, string HelpName, bool Repeatable = false);

/// <summary>A verb that asks a running server one question and prints the answer.</summary>
internal sealed class ReportCommand : Command
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Option<Uri?> server = new("--server")
    {
        Description = "address of the server (default: http://127.0.0.1 at Api:Port)",
        HelpName = "url",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url)
                && url.Scheme is "http" or "https") return url;
            result.AddError("--server needs an address such as http://127.0.0.1:8080");
            return null;
        },
    };

    private readonly Option<bool> json = new("--json") { Description = "print the answer as JSON" };
    private readonly List<(ReportOption Option, Option<string[]> Given)> options = [];
    private readonly Argument<string?>? subject;
    private readonly GivenSettings given;
    private readonly string path;
    private readonly string subjectPath;
    private readonly Func<JsonElement, IEnumerable<string>> text;

    /// <param name="given">Names the port when no server is named.</param>
    /// <param name="name">The verb.</param>
    /// <param name="description">For <c>--help</c>.</param>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="known">What may be asked.</param>
    /// <param name="text">The answer as lines for people.</param>
    /// <param name="subject">Names one thing, asked for below <paramref name="subjectPath"/> when it is given.</param>
    /// <param name="subjectPath">Below <c>/api/v1/</c>.</param>
    public ReportCommand(GivenSettings given, string name, string description, string path, IEnumerable<ReportOption> known,
        Func<JsonElement, IEnumerable<string>> text, Argument<string?>? subject = null, string subjectPath = "")
        : base(name, description)
    {
        (this.given, this.path, this.text, this.subject, this.subjectPath) = (given, path, text, subject, subjectPath);
        if (subject is not null) Arguments.Add(subject);
        foreach (var option in known)
        {
            var taken = new Option<string[]>(option.Name)
            {
                Description = option.Help + (option.Repeatable ? "; repeatable" : ""), HelpName = option.HelpName,
                Arity = ArgumentArity.OneOrMore,
            };
            options.Add((option, taken));
            Options.Add(taken);
        }
        Options.Add(json);
        Options.Add(server);
        SetAction((parsed, stop) => RunAsync(parsed, stop));
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var url = parsed.GetValue(server) ?? new Uri(string.Create(CultureInfo.InvariantCulture,
            $"http://127.0.0.1:{given.ReadConfiguration()["Api:Port"] ?? "8080"}"));
        var values = options.SelectMany(option => (parsed.GetValue(option.Given) ?? [])
            .Select(value => $"{option.Option.Parameter}={Uri.EscapeDataString(value)}"));
        var below = subject is not null && parsed.GetValue(subject) is { } named
            ? $"{subjectPath}/{string.Join('/', named.Split('/').Select(Uri.EscapeDataString))}" : path;
        var answer = await AskAsync(url, $"/api/v1/{below}?{string.Join('&', values)}", stop).ConfigureAwait(false);
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
            await output.WriteLineAsync(JsonSerializer.Serialize(answer, Indented)).ConfigureAwait(false);
        else foreach (var line in text(answer)) await output.WriteLineAsync(line).ConfigureAwait(false);
        return 0;
    }

    private static async Task<JsonElement> AskAsync(Uri url, string address, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromMinutes(2) };
        try
        {
            using var response = await client.GetAsync(new Uri(address, UriKind.Relative), stop).ConfigureAwait(false);
            var body = await response.Content.ReadAsStringAsync(stop).ConfigureAwait(false);
            using var document = JsonDocument.Parse(body);
            if (response.StatusCode == HttpStatusCode.OK) return document.RootElement.Clone();
            throw new StartupException(FaultsOf(document.RootElement, (int)response.StatusCode));
        }
        catch (Exception fault) when (fault is HttpRequestException
            || (fault is TaskCanceledException && !stop.IsCancellationRequested))
        {
            throw new StartupException(
                $"{url} cannot be reached: {fault.Message.TrimEnd('.')}; --server takes the API's address");
        }
        catch (JsonException)
        {
            throw new StartupException($"what answers at {url} is not this program; --server takes the API's address");
        }
    }

    private static string[] FaultsOf(JsonElement problem, int status)
    {
        var detail = problem.TryGetProperty("detail", out var told) ? told.GetString() : null;
        if (!problem.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Array)
            return [detail ?? $"the server answered {status}"];
        return [.. errors.EnumerateArray().Select(error => error.TryGetProperty("field", out var field)
            && error.TryGetProperty("detail", out var why) ? $"{field.GetString()} {why.GetString()}" : detail ?? "")];
    }
}
