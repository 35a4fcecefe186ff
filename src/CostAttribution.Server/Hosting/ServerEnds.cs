namespace CostAttribution.Server.Hosting;

/// <summary>
/// What runs for as long as the server does. If one of them ends by itself, the server must not go on without it.
/// </summary>
internal sealed class ServerEnds
{
    public required Task Journal { get; init; }
    public required Task Pipeline { get; init; }

    /// <summary>Null where no node id is claimed.</summary>
    public Task? Claim { get; init; }

    /// <summary>Null where nothing is audited by itself.</summary>
    public Task? Audit { get; init; }

    /// <summary>Completes with null once <paramref name="asked"/> does, otherwise with what has ended and why.</summary>
    public async Task<string?> FirstAsync(Task asked)
    {
        var first = await Task.WhenAny(asked, Journal, Pipeline, Claim ?? asked, Audit ?? asked).ConfigureAwait(false);
        if (Claim?.Exception?.GetBaseException() is { } lost) return lost.Message;
        if (first == asked && !Journal.IsFaulted && !Pipeline.IsFaulted) return null;
        if (Journal.IsCompleted) return "the journal's writer has ended" + Why(Journal);
        if (Pipeline.IsCompleted) return "the pipeline has ended" + Why(Pipeline);
        if (Audit is { IsCompleted: true } audit) return "the schedule of audits has ended" + Why(audit);
        return "the claim of the node id has ended";
    }

    private static string Why(Task ended) =>
        ended.Exception?.GetBaseException() is { } fault ? $" on a fault of the program: {fault.Message}" : " by itself";
}
