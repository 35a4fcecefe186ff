using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Clients;

/// <summary>The one trace that all official clients send: a customer on the root, two calls below, and what they must come to.</summary>
internal static class HelpdeskTrace
{
    public const string FirstModel = "gpt-4.1-mini";
    public const string SecondModel = "gpt-4o";

    /// <summary>
    /// gpt-4.1-mini: 776 uncached at $0.40, 1024 cached at $0.10, 210 out at $1.60 per million; gpt-4o: 500 at $2.50, 100 at $10.
    /// </summary>
    public const string Cost = "0.002998800000";

    public static async Task CheckAsync(ServerProcess server, string traceId, string customer)
    {
        var answer = await server.Api.SettledRunAsync(traceId, spans: 3, calls: 2);

        var run = answer.GetProperty("run");
        Assert.Equal((customer, "answer-ticket", "enterprise", "completed"), (run.Text("customer"), run.Text("feature"), run.Text("plan"), run.Text("status")));
        Assert.Equal((2, 0, Cost), (run.Count("calls"), run.Count("failedCalls"), run.Text("cost")));
        Assert.Equal((1276, 1024, 310, 0), (run.Count("inputTokens"), run.Count("cacheReadTokens"), run.Count("outputTokens"), run.Count("unpricedCalls")));
        var items = answer.Spans().SelectMany(span => span.GetProperty("items").EnumerateArray()).ToList();
        Assert.Equal(2, items.Count);
        foreach (var attribution in items.Select(item => item.GetProperty("attribution")))
        {
            Assert.Equal((customer, "ancestor"), (attribution.Text("customer"), attribution.Text("customerEvidence")));
            Assert.Equal(("answer-ticket", "ancestor"), (attribution.Text("feature"), attribution.Text("featureEvidence")));
        }
        var costs = await server.Api.CostOfRunAsync(traceId);
        Assert.Equal((Cost, 2), (costs!.Value.Text("cost"), costs.Value.Count("calls")));
    }
}
