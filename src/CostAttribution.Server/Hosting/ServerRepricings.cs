using CostAttribution.Api.Repricings;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Ingest.Repricing;

namespace CostAttribution.Server.Hosting;

/// <summary>The data plane's re-pricings as the control plane asks for them.</summary>
internal sealed class ServerRepricings(Func<Repricer> repricer) : IRepricings
{
    public RepricingReport? Current => repricer().Current;

    public RepricingReport? Last => repricer().Last;

    public Task<RepricingStart> StartAsync(RepricingRequest request, CancellationToken cancel) =>
        repricer().StartAsync(request, cancel);

    public bool Cancel(string id) => repricer().Cancel(id);
}
