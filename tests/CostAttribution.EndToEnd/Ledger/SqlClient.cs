using System.Text;

namespace CostAttribution.EndToEnd.Ledger;

/// <summary>Asks a ClickHouse HTTP interface; an answer is its rows, fields separated by tabs.</summary>
internal sealed class SqlClient(Uri url, string user = "default", string password = "", string database = "cost_attribution") : IDisposable
{
    private readonly HttpClient client = new();

    public async Task<string[]> QueryAsync(string sql)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, $"/?database={database}&default_format=TabSeparated"))
        {
            Content = new StringContent(sql, Encoding.UTF8),
        };
        request.Headers.Add("X-ClickHouse-User", user);
        if (password.Length > 0) request.Headers.Add("X-ClickHouse-Key", password);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {text}\n{sql}");
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public async Task<string> ScalarAsync(string sql) => Assert.Single(await QueryAsync(sql));

    public void Dispose() => client.Dispose();
}
