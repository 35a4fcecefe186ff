using CostAttribution.Api.Quarantine;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Ingest.Auditing;

namespace CostAttribution.Server.Hosting;

/// <summary>The data plane's refused postings as the control plane asks for them.</summary>
internal sealed class RefusedQuarantine(RefusedPostings postings) : IQuarantine
{
    public IReadOnlyList<RefusedPosting> List() => postings.Reader.List();

    public RefusedPosting? Find(string postingId) => postings.Reader.Find(postingId);

    public Task<RefusedResult?> PostAsync(string postingId, CancellationToken cancel) => postings.PostAsync(postingId, cancel);
}
