using System.Globalization;
using System.Net;
using System.Text.Json;

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>The REST API as a program outside sees it: addresses in, JSON out.</summary>
internal sealed class RestClient(ServerProcess server) : IDisposable
{
    private readonly HttpClient client = new();

    public async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var response = await client.GetAsync(new Uri(server.ApiUrl, path), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    /// <summary>The body of a good answer; null for 404.</summary>
    public async Task<JsonElement?> FindAsync(string path)
    {
        using var response = await client.GetAsync(new Uri(server.ApiUrl, path), TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} answers {(int)response.StatusCode}: {body}\n{server}");
        return JsonElement.Parse(body);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        var found = await FindAsync(path);
        Assert.True(found is not null, $"{path} answers 404\n{server}");
        return found.Value;
    }

    /// <summary>
    /// The run, once there are <paramref name="spans"/> of it, all settled, and <paramref name="calls"/> (when given) in its
    /// figures and in the ledger alike: a posting's tables are written one after the other.
    /// </summary>
    public async Task<JsonElement> SettledRunAsync(string runId, int spans, int? calls = null)
    {
        var found = await Eventually.GetAsync(
            () => FindAsync($"/api/v1/runs/{runId}"), run => run is { } value && IsComplete(value, spans, calls), server.ToString);
        return found!.Value;
    }

    /// <summary>What stands in the ledger of one run, by the rows of <c>/costs</c>; null before there is any.</summary>
    public async Task<JsonElement?> CostOfRunAsync(string runId)
    {
        var answer = await GetAsync($"/api/v1/costs?groupBy=customer,feature,plan&run={runId}");
        var rows = answer.GetProperty("rows").EnumerateArray().ToList();
        return rows.Count == 0 ? null : Assert.Single(rows);
    }

    public void Dispose() => client.Dispose();

    private static bool IsComplete(JsonElement answer, int spans, int? calls)
    {
        var figures = answer.GetProperty("run");
        var all = answer.Spans().ToList();
        var items = all.SelectMany(span => span.GetProperty("items").EnumerateArray()).ToList();
        return all.Count == spans && all.TrueForAll(span => span.GetProperty("settled").GetBoolean())
            && (calls is null ? figures.Count("calls") > 0 : figures.Count("calls") == calls)
            && items.Sum(item => item.Count("calls")) == figures.Count("calls")
            && items.Sum(item => item.Amount("cost")) == figures.Amount("cost");
    }
}

/// <summary>Reading answers.</summary>
internal static class Json
{
    /// <summary>All spans of a run, parents before children.</summary>
    public static IEnumerable<JsonElement> Spans(this JsonElement run) => run.GetProperty("spans").EnumerateArray().SelectMany(Below);

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static long Count(this JsonElement element, string name) => element.GetProperty(name).GetInt64();

    /// <summary>Money, which answers hold as decimal text; exact up to 28 digits.</summary>
    public static decimal Amount(this JsonElement element, string name) =>
        decimal.Parse(element.Text(name), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static IEnumerable<JsonElement> Below(JsonElement span) => [span, .. span.GetProperty("children").EnumerateArray().SelectMany(Below)];
}
