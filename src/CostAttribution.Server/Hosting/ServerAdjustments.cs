using CostAttribution.Api.Adjustments;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.Ingest.Adjustments;

namespace CostAttribution.Server.Hosting;

/// <summary>The data plane's settling as the control plane asks for it.</summary>
internal sealed class ServerAdjustments(Func<Adjuster> adjuster) : IAdjustments
{
    public AdjustmentReport? Current => adjuster().Current;

    public AdjustmentReport? Last => adjuster().Last;

    public Task<AdjustmentStart> StartAsync(AdjustmentRequest request, CancellationToken cancel) =>
        adjuster().StartAsync(request, cancel);
}
