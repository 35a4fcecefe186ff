using System.Net;
using System.Text.Json.Nodes;
using CostAttribution.Api.Costs;
using CostAttribution.Api.Requests;
using CostAttribution.Api.Runs;

namespace CostAttribution.UnitTests.Api;

public sealed class ValidationTests
{
    [Theory]
    [InlineData("/costs?custmer=a", "custmer", "is not a parameter here", "customer")]
    [InlineData("/costs?Customer=a", "Customer", "is not a parameter here", "customer")]
    [InlineData("/costs?customer_id=a", "customer_id", "is not a parameter here", "customer")]
    [InlineData("/costs?zebra=a", "zebra", "is not a parameter here", null)]
    [InlineData("/costs?groupBy=custmer", "groupBy", "names no dimension with 'custmer'", "customer")]
    [InlineData("/costs?groupBy=customer,customer", "groupBy", "names 'customer' 2 times", null)]
    [InlineData("/costs?groupBy=customer,,model", "groupBy", "has an empty name between its commas", null)]
    [InlineData("/costs?groupBy=dim.", "groupBy", "names no dimension with 'dim.'", "dim.<name>")]
    [InlineData("/costs?groupBy=customer,feature,product,team,environment,workflow,agent,plan,audience", "groupBy",
        "has 9 dimensions; the limit is 8", null)]
    [InlineData("/costs?groupBy=", "groupBy", "is empty", null)]
    [InlineData("/costs?from=yesterday", "from", "is not a time", null)]
    [InlineData("/costs?from=2026-02-30", "from", "is not a time", null)]
    [InlineData("/costs?from=2026-01-01T10:00:00", "from", "has no offset", null)]
    [InlineData("/costs?from=2026-01-01T10:00:00+02:00", "from", "write the offset's '+' as %2B", null)]
    [InlineData("/costs?from=1999-12-31", "from", "is outside the years", null)]
    [InlineData("/costs?to=2100-01-01", "to", "is outside the years", null)]
    [InlineData("/costs?from=2026-02-01&to=2026-02-01", "from", "must be before 'to'", null)]
    [InlineData("/costs?from=2026-06-01", "from", "must be before 'to', which is 2026-03-15T11:00:00Z", null)]
    [InlineData("/costs?from=2026-01-01&from=2026-01-02", "from", "was sent 2 times", null)]
    [InlineData("/costs?to=", "to", "is empty", null)]
    [InlineData("/costs?limit=0", "limit", "must be a whole number from 1 to 10000", null)]
    [InlineData("/costs?limit=10001", "limit", "must be a whole number from 1 to 10000", null)]
    [InlineData("/costs?limit=1e3", "limit", "must be a whole number from 1 to 10000", null)]
    [InlineData("/costs?timeZone=Mars/Olympus", "timeZone", "is not a time zone", null)]
    [InlineData("/costs?timeZone=../../etc/passwd", "timeZone", "is not a time zone", null)]
    [InlineData("/costs?priceStatus=unpriced", "priceStatus", "is not one of the allowed values", "unpriced_model")]
    [InlineData("/costs?priceStatus=unpriced_modl", "priceStatus", "is not one of the allowed values", "unpriced_model")]
    [InlineData("/costs?customer=a%0Ab", "customer", "holds a control character", null)]
    [InlineData("/costs?customer=%00", "customer", "holds a control character", null)]
    [InlineData("/costs?dim.=a", "dim.", "is not a parameter here", null)]
    [InlineData("/costs?dim.a%0Ab=1", "dim.a\nb", "is not the name of a configured dimension", null)]
    [InlineData("/runs?status=done", "status", "is not one of the allowed values", null)]
    [InlineData("/runs?minCost=1e3", "minCost", "is not an amount", null)]
    [InlineData("/runs?minCost=-1", "minCost", "is not an amount", null)]
    [InlineData("/runs?minCost=0.0000000000001", "minCost", "is not an amount", null)]
    [InlineData("/runs?sort=costs", "sort", "is not one of the allowed values", "cost")]
    [InlineData("/runs?limit=1001", "limit", "must be a whole number from 1 to 1000", null)]
    [InlineData("/runs?cursor=abc", "cursor", "was not given out for this question", null)]
    [InlineData("/runs/r-1?depth=2", "depth", "is not a parameter here", null)]
    [InlineData("/spans/xyz/00f067aa0ba902b7/explain", "traceId", "is not a trace id", null)]
    [InlineData("/spans/4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b/explain", "spanId", "is not a span id", null)]
    [InlineData("/spans/00000000000000000000000000000000/00f067aa0ba902b7/explain", "traceId", "not all zero", null)]
    [InlineData("/audits?from=2026-01-01", "from", "is not a parameter here", null)]
    [InlineData("/audits?limit=201", "limit", "must be a whole number from 1 to 200", null)]
    [InlineData("/audits/a-1?full=1", "full", "is not a parameter here", null)]
    [InlineData("/pipeline?verbose=1", "verbose", "is not a parameter here", null)]
    public async Task A_bad_question_names_the_field_and_what_would_be_right(string address, string field, string detail,
        string? meant)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) = await host.GetAsync("/api/v1" + address);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var fault = Assert.Single(body["errors"]!.AsArray())!;
        Assert.Equal(field, (string?)fault["field"]);
        Assert.Contains(detail, (string?)fault["detail"], StringComparison.Ordinal);
        Assert.Equal(meant, (string?)fault["didYouMean"]);
        Assert.Empty(host.Transport.Asked);
    }

    [Fact]
    public async Task All_faults_are_told_at_once()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) =
            await host.GetAsync(
            "/api/v1/costs?groupBy=custmer,customer,customer&from=x&to=2026-01-01T00:00:00&limit=a&team=t&tem=t&costKind=x");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Golden.Matches("problem_many_faults.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task An_unknown_parameter_lists_the_known_ones()
    {
        await using var host = await ApiHost.StartAsync();

        var (_, body) = await host.GetAsync("/api/v1/runs?custmer=acme");

        Golden.Matches("problem_unknown_parameter.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task Too_many_or_too_long_values_are_refused_before_anything_is_read()
    {
        await using var host = await ApiHost.StartAsync();
        var many = string.Join('&', Enumerable.Range(0, 101).Select(i => $"customer=c{i}"));
        var tooMany = string.Join('&', Enumerable.Range(0, 201).Select(i => $"a{i}=1"));
        var longValue = new string('x', 1025);

        Assert.Contains("has 101 values", await DetailAsync(host, "?" + many), StringComparison.Ordinal);
        Assert.Contains("more than 200 values", await DetailAsync(host, "?" + tooMany), StringComparison.Ordinal);
        Assert.Contains("is 1025 characters long", await DetailAsync(host, "?customer=" + longValue), StringComparison.Ordinal);
        Assert.Empty(host.Transport.Asked);
    }

    [Fact]
    public void A_query_string_over_the_limit_is_not_even_split()
    {
        var values = RequestValues.FromQueryString("?customer=" + new string('x', 20_000));

        var fault = Assert.Single(GetCosts.Parameters.FaultsOf(values));
        Assert.Contains("characters long", fault.Detail, StringComparison.Ordinal);
        Assert.Empty(values.Names);
    }

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task No_value_of_any_parameter_ever_reaches_the_text_of_a_statement(string payload)
    {
        await using var host = await ApiHost.StartAsync();
        foreach (var (path, table) in new[] { ("/api/v1/costs", GetCosts.Parameters), ("/api/v1/runs", ListRuns.Parameters) })
        {
            foreach (var parameter in table.Parameters)
            {
                var name = parameter.IsPrefix ? parameter.Name[..^1] + Uri.EscapeDataString(payload) : parameter.Name;
                await host.GetAsync($"{path}?{name}={Uri.EscapeDataString(payload)}");
            }
        }
        await host.GetAsync($"/api/v1/costs?groupBy=dim.{Uri.EscapeDataString(payload)}");
        await host.GetAsync($"/api/v1/runs/{Uri.EscapeDataString(payload)}");
        await host.GetAsync($"/api/v1/spans/{Uri.EscapeDataString(payload)}/{Uri.EscapeDataString(payload)}/explain");

        Assert.NotEmpty(host.Transport.Asked);
        foreach (var query in host.Transport.Asked)
        {
            Assert.DoesNotContain(payload, query.Sql, StringComparison.Ordinal);
            Assert.DoesNotContain("DROP", query.Sql, StringComparison.OrdinalIgnoreCase);
        }
        Assert.Contains(host.Transport.Asked, query => query.Parameters.Values.Contains(payload));
    }

    public static TheoryData<string> Payloads =>
    [
        "' OR 1 = 1 --", "\\' OR 1 = 1 --", "'; DROP TABLE cost_ledger; --", "{from:String}", "`) DROP", "%' /* DROP",
            "\") DROP (\"",
    ];

    private static async Task<string> DetailAsync(ApiHost host, string query)
    {
        var (status, body) = await host.GetAsync("/api/v1/costs" + query);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        return (string)body["errors"]!.AsArray().OfType<JsonNode>().First()["detail"]!;
    }
}
