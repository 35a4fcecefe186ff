using System.Net;
using CostAttribution.Api;
using CostAttribution.Api.Pipeline;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.UnitTests.Api;

public sealed class HealthTests
{
    [Fact]
    public async Task Live_looks_at_nothing()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => throw new StoreUnavailableException("down");

        var (status, body) = await host.GetAsync("/health/live");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("live", (string?)body["status"]);
        Assert.Empty(host.Transport.Asked);
    }

    [Fact]
    public async Task Ready_when_everything_is()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) = await host.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("ready.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task Not_ready_says_all_that_is_missing()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => throw new StoreUnavailableException("connection refused");
        host.Snapshot = host.Snapshot with
        {
            Journal = new PartStatus(PartState.Failed, "the disk is full; free space in the data directory"),
            Posting = new PartStatus(PartState.Struggling, "retrying"),
            Recovery = new PartStatus(PartState.Starting, ""),
        };

        var (status, body) = await host.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Golden.Matches("not_ready.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task A_store_that_does_not_answer_in_time_is_not_ready()
    {
        await using var host = await ApiHost.StartAsync(new ApiOptions { ReadyTimeout = TimeSpan.FromMilliseconds(100) });
        host.Transport.Answer = (_, _) => new TaskCompletionSource<string>().Task;

        var (status, body) = await host.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("did not answer within 0.1 s", (string?)body["checks"]![0]!["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pipeline_has_this_shape()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) = await host.GetAsync("/api/v1/pipeline");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("pipeline.json", ApiHost.Indented(body));
    }
}
