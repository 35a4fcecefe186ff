using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Api.Quarantine;

/// <summary>The postings of this node that the store refused.</summary>
public interface IQuarantine
{
    /// <summary>All of them, each with its first traces.</summary>
    IReadOnlyList<RefusedPosting> List();

    /// <summary>One of them with all its traces; null when there is none of that id.</summary>
    RefusedPosting? Find(string postingId);

    /// <summary>Has its traces costed again with what it holds; null when there is none of that id.</summary>
    Task<RefusedResult?> PostAsync(string postingId, CancellationToken cancel);
}
