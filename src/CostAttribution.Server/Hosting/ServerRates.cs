using CostAttribution.Api.Rates;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Rates;
using CostAttribution.Ingest.Repricing;
using CostAttribution.RateCards;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Hosting;

/// <summary>The rate book in force, as the control plane asks for it.</summary>
internal sealed class ServerRates : IRates, IDisposable
{
    private ServerRates(RateBookPublisher publisher, RateBook book) => (Publisher, Book) = (publisher, book);

    public RateBookPublisher Publisher { get; }

    /// <summary>The book at the start.</summary>
    public RateBook Book { get; }

    /// <summary>The shipped files and the operator's; throws <see cref="StartupException"/> with every fault in them.</summary>
    public static IReadOnlyList<(string Name, string Text)> ReadFiles(ServerSettings settings)
    {
        var (files, faults) = RateCardFiles.All(settings.RateCardDirectory);
        return faults.Count == 0 ? files : throw Fault(faults);
    }

    /// <summary>
    /// The book of the files and of what was published to the store; throws <see cref="StartupException"/> when they make none.
    /// </summary>
    public static async Task<ServerRates> OpenAsync(ServerSettings settings, IReadOnlyList<(string Name, string Text)> files,
        IClickHouseTransport store, TimeProvider clock, CancellationToken stop)
    {
        var publisher = new RateBookPublisher(new RateBookParts
        {
            Store = store, Files = files, NodeId = settings.NodeId, Clock = clock,
        });
        try
        {
            var loaded = await publisher.LoadAsync(stop).ConfigureAwait(false);
            return loaded.IsSound ? new ServerRates(publisher, loaded.Book) : throw Fault(loaded.Faults);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            throw new StartupException(OpenStore.Describe(fault, settings.Store));
        }
    }

    /// <summary>Tells what a published book would change; null in a process that only publishes.</summary>
    public Repricer? Repricer { get; set; }

    public async Task<RatePublication> PublishAsync(IReadOnlyList<RateFile> files, bool dryRun, CancellationToken cancel)
    {
        var told = await Publisher.PublishAsync(files, dryRun, cancel).ConfigureAwait(false);
        if (Repricer is null || told.Faults.Count > 0 || told.RateBookVersion == told.PreviousVersion) return told;
        if (Publisher.Try(files).Book is not { } book) return told;
        var begun = Repricer.Start(new RepricingRequest { Kind = RepricingKind.DryRun }, book);
        return told with { Repricing = begun.Report?.Id ?? "" };
    }

    public void Dispose() => Publisher.Dispose();

    private static StartupException Fault(IReadOnlyList<RateCardFault> faults) =>
        new([.. faults.Select(fault => $"rate card {fault}")]);
}
