using System.Globalization;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;
using CostAttribution.RateCards;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Rates;

/// <summary>What a publisher is made of; filled by the host.</summary>
public sealed class RateBookParts
{
    public required IClickHouseTransport Store { get; init; }

    /// <summary>The files that every book begins with: the shipped ones and those of the directory.</summary>
    public required IReadOnlyList<(string Name, string Text)> Files { get; init; }
    public required string NodeId { get; init; }
    public required TimeProvider Clock { get; init; }
}

/// <summary>
/// Keeps the rate book in force: the shipped files, those of the directory, and what was published to the store, by this node or
/// another. What is published is checked together with all of that; with any fault nothing is kept and the book in force stays.
/// </summary>
public sealed class RateBookPublisher(RateBookParts parts) : IDisposable
{
    /// <summary>How often the store is asked whether another node has published.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(10);

    /// <summary>Files published together at most.</summary>
    public const int FilesMax = 200;

    private readonly RateDocuments documents = new(parts.Store);
    private readonly SnapshotArchive archive = new(parts.Store);
    private readonly SemaphoreSlim turn = new(1, 1);
    private IReadOnlyList<RateDocument> standing = [];
    private RateDocumentsState seen;
    private CostingSnapshots? snapshots;
    private AttributeKeyTable? decoded;

    /// <summary>All versions of everything that is known; null before <see cref="LoadAsync"/>.</summary>
    public RateCatalogue? Catalogue { get; private set; }

    /// <summary>
    /// The book of what is known now, or every fault in it; throws as <see cref="IClickHouseTransport.QueryAsync"/> does.
    /// </summary>
    public async Task<RateCardLoadResult> LoadAsync(CancellationToken cancel)
    {
        seen = await documents.StateAsync(cancel).ConfigureAwait(false);
        standing = await documents.LoadAsync(cancel).ConfigureAwait(false);
        var result = Build(standing);
        Catalogue = result.Catalogue;
        return result;
    }

    /// <summary>From here on, books are published to <paramref name="target"/>.</summary>
    /// <param name="target">What traces are costed with.</param>
    /// <param name="keys">The attributes that spans are decoded with; null where none are taken in.</param>
    public void Attach(CostingSnapshots target, AttributeKeyTable? keys = null) => (snapshots, decoded) = (target, keys);

    /// <summary>The book that the files would make together with everything that is known; for questions only.</summary>
    public RateCardLoadResult Try(IReadOnlyList<RateFile> files) => Build([.. standing, .. NewOf(files)]);

    /// <summary>
    /// Publishes the files, or says what is wrong with them or, for a dry run, what they would change. When the task completes
    /// the store has them, and traces that are costed from then on use them.
    /// </summary>
    public async Task<RatePublication> PublishAsync(IReadOnlyList<RateFile> files, bool dryRun, CancellationToken cancel)
    {
        var target = snapshots ?? throw new InvalidOperationException("the publisher has nobody to publish to");
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await RefreshAsync(target, null, cancel).ConfigureAwait(false);
            var before = target.Current.Rates;
            if (FaultOf(files) is { } fault) return Refused(before, dryRun, [fault]);
            var added = NewOf(files);
            var result = Build([.. standing, .. added]);
            if (!result.IsSound) return Refused(before, dryRun, result.Faults);
            if (!dryRun && added.Count > 0)
            {
                await documents.AppendAsync(added, cancel).ConfigureAwait(false);
                // Another node may have published in the same moment: each was sound, together they need not be.
                var loaded = await documents.LoadAsync(cancel).ConfigureAwait(false);
                var together = Build(loaded);
                if (!together.IsSound)
                {
                    await documents.WithdrawAsync(added, cancel).ConfigureAwait(false);
                    return Refused(before, dryRun, together.Faults);
                }
                await UseAsync(target, loaded, together, cancel).ConfigureAwait(false);
                result = together;
            }
            return Told(before, result.Book, dryRun, [.. added.Select(document => document.Name)]);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Takes over what other nodes publish, until <paramref name="stop"/>.</summary>
    public async Task RunAsync(ILogger logger, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(PollInterval, parts.Clock, stop).ConfigureAwait(false);
                await PollAsync(logger, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Asks the store once; a store that is away is asked again the next time.</summary>
    internal async Task PollAsync(ILogger logger, CancellationToken stop)
    {
        if (snapshots is not { } target) return;
        await turn.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            await RefreshAsync(target, logger, stop).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            RateBookEvents.NotAsked(logger, fault.Message);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task RefreshAsync(CostingSnapshots target, ILogger? logger, CancellationToken cancel)
    {
        var state = await documents.StateAsync(cancel).ConfigureAwait(false);
        if (state == seen) return;
        var loaded = await documents.LoadAsync(cancel).ConfigureAwait(false);
        var result = Build(loaded);
        if (result.IsSound)
        {
            await UseAsync(target, loaded, result, cancel).ConfigureAwait(false);
            if (logger is not null)
            {
                RateBookEvents.InForce(logger, result.Book.Version, loaded.Count);
                foreach (var key in Undecoded(result.Book)) RateBookEvents.NotDecoded(logger, key);
            }
        }
        else if (logger is not null)
        {
            RateBookEvents.Unsound(logger, result.FaultText);
        }
        seen = state;
    }

    private async Task UseAsync(CostingSnapshots target, IReadOnlyList<RateDocument> loaded, RateCardLoadResult result,
        CancellationToken cancel)
    {
        var pair = target.Current with { Rates = result.Book! };
        if (pair.Rates.Version != target.Current.Rates.Version)
            await target.PublishAsync(new CostingPair(pair.Rates, pair.Attribution), archive, parts.Clock, cancel)
                .ConfigureAwait(false);
        standing = loaded;
        Catalogue = result.Catalogue;
    }

    private RateCardLoadResult Build(IReadOnlyList<RateDocument> published) => RateCardLoader.Load(parts.Files,
        [.. published.Select(document => new RateCardDocument(document.Name, document.Content,
            document.RecordedAt.ToUnixTimeMilliseconds() * 1_000_000))]);

    // A file that stands with the same text says nothing new.
    private List<RateDocument> NewOf(IReadOnlyList<RateFile> files)
    {
        var newest = standing.GroupBy(document => document.Name).ToDictionary(same => same.Key, same => same.Last().Content);
        var now = parts.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        // What is published later is learnt later, whatever the clocks of several nodes say.
        if (standing.Count > 0) now = Math.Max(now, standing[^1].RecordedAt.ToUnixTimeMilliseconds() + 1);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(now);
        var publicationId = string.Create(CultureInfo.InvariantCulture, $"{parts.NodeId}-{now:x}");
        return [.. files.Where(file => newest.GetValueOrDefault(file.Name) != file.Text)
            .Select(file => new RateDocument(at, publicationId, parts.NodeId, file.Name, file.Text))];
    }

    private RateCardFault? FaultOf(IReadOnlyList<RateFile> files)
    {
        if (files.Count is 0 or > FilesMax)
            return new("", 0, RateCardFaultKind.LimitPassed, $"publish 1 to {FilesMax} files at a time");
        if (files.GroupBy(file => file.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            return new(twice.Key, 0, RateCardFaultKind.DuplicateId, "two files have this name; rename one");
        if (files.FirstOrDefault(file => file.Name.Length is 0 or > 200) is { } unnamed)
            return new(unnamed.Name, 0, RateCardFaultKind.BadValue, "a file name has 1 to 200 characters");
        return standing.Count + files.Count <= RateDocuments.CountMax ? null
            : new("", 0, RateCardFaultKind.LimitPassed, $"the store keeps {RateDocuments.CountMax} published files");
    }

    private static RatePublication Refused(RateBook book, bool dryRun, IReadOnlyList<RateCardFault> faults) => new()
    {
        InForce = false, DryRun = dryRun, RateBookVersion = Text(book.Version), PreviousVersion = Text(book.Version),
        Faults = [.. faults.Select(fault => new RateFault(fault.File, fault.Line, fault.Reason))],
    };

    private string[] Undecoded(RateBook book) => decoded is not { } keys ? []
        : [.. book.CostRuleMatcher.AttributeKeys.Where(key => !keys.TryGet(key, out _))];

    private RatePublication Told(RateBook before, RateBook after, bool dryRun, IReadOnlyList<string> files)
    {
        var old = before.Cards.ToDictionary(card => card.Id);
        var now = after.Cards.ToDictionary(card => card.Id);
        string[] added = [.. now.Keys.Where(id => !old.ContainsKey(id)).Order(StringComparer.Ordinal)];
        string[] removed = [.. old.Keys.Where(id => !now.ContainsKey(id)).Order(StringComparer.Ordinal)];
        string[] changed = [.. now.Where(pair => old.TryGetValue(pair.Key, out var card)
            && !SourceRepeats.PriceAlike(card, pair.Value)).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
        return new RatePublication
        {
            InForce = !dryRun, DryRun = dryRun, RateBookVersion = Text(after.Version), PreviousVersion = Text(before.Version),
            Files = files, Added = [.. added.Take(RatePublication.ListedMax)],
            Changed = [.. changed.Take(RatePublication.ListedMax)], Removed = [.. removed.Take(RatePublication.ListedMax)],
            CardsTouched = added.Length + changed.Length + removed.Length, ReadAfterRestart = Undecoded(after),
        };
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
