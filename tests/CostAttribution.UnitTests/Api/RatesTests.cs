using System.Net;
using CostAttribution.ClickHouse.Rates;

namespace CostAttribution.UnitTests.Api;

public sealed class RatesTests
{
    private const string Body = """{"files":[{"name":"acme.yaml","text":"format: 1"}]}""";

    [Theory, InlineData("", false), InlineData("?dryRun=true", true)]
    public async Task Files_are_published_or_only_checked(string query, bool dryRun)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body, _) = await host.PostAsync("/api/v1/rates/publish" + query, Body);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("2", (string?)body["rateBookVersion"]);
        var (files, dry) = Assert.Single(host.Published);
        Assert.Equal((new RateFile("acme.yaml", "format: 1"), dryRun), (files.Single(), dry));
    }

    [Fact]
    public async Task A_refusal_names_file_line_and_reason()
    {
        await using var host = await ApiHost.StartAsync();
        host.Publication = host.Publication with { InForce = false, Faults = [new RateFault("acme.yaml", 7, "a price is negative")] };

        var (status, body, _) = await host.PostAsync("/api/v1/rates/publish", Body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("""{"file":"acme.yaml","line":7,"reason":"a price is negative"}""", body["faults"]![0]!.ToJsonString());
    }

    [Theory]
    [InlineData("{", "body")]
    [InlineData("null", "body")]
    [InlineData("""{"documents":[]}""", "body")]
    [InlineData("""{"files":null}""", "files")]
    [InlineData("""{"files":[{"name":"a.yaml"}]}""", "files")]
    public async Task A_body_of_another_form_is_a_fault_of_the_request(string text, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body, _) = await host.PostAsync("/api/v1/rates/publish", text);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, (string?)body["errors"]![0]!["field"], ignoreCase: true);
        Assert.Empty(host.Published);
    }
}
