using CostAttribution.ClickHouse.Rates;

namespace CostAttribution.Api.Rates;

/// <summary>The rate book of this process.</summary>
public interface IRates
{
    /// <summary>Publishes files, or says what stands in the way or, for a dry run, what would change.</summary>
    Task<RatePublication> PublishAsync(IReadOnlyList<RateFile> files, bool dryRun, CancellationToken cancel);
}
