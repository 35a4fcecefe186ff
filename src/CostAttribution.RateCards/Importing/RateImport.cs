using System.Text.Json;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Imports third-party prices: reads, judges, chooses between sources, and lays the result beside the book in force. Decides
/// nothing by itself that cannot be read in the plan, and writes nothing.
/// </summary>
public static class RateImport
{
    /// <summary>Throws <see cref="InvalidDataException"/>, with file and reason, for a file that is not of its source's form or
    /// a book in force that is not sound.</summary>
    public static ImportPlan Plan(ImportRequest request)
    {
        var loaded = RateCardLoader.Load(request.InForce);
        if (!loaded.IsSound) throw new InvalidDataException($"the cards in force are not sound: {loaded.FaultText}");
        var run = new Run(request, loaded.Book);
        return run.Plan();
    }

    private sealed class Run(ImportRequest request, RateBook book)
    {
        private readonly ImportFindings findings = new();
        private readonly Dictionary<ImportSource, ImportFile> files = request.Files.ToDictionary(file => file.Source);
        private readonly IReadOnlyList<ImportSource> order =
            [.. request.Order, .. ImportSources.DefaultOrder.Except(request.Order)];

        public ImportPlan Plan()
        {
            var read = request.Files.ToDictionary(file => file.Source, Read);
            var peers = Peers(read.Values.SelectMany(models => models));
            var check = new PlausibilityCheck(model => peers(model), IsFree, request.ChangesFromNanos);
            var judged = read.ToDictionary(models => models.Key, models => FileTrust.Judge(models.Value, check, Tell));
            var assembler = new CardAssembler((kind, model, path, reason) => Tell(kind, model.Source, path, reason));
            var cards = judged.ToDictionary(models => models.Key, models => models.Value.GroupBy(model => model.Identity)
                .Select(group => Dated(assembler.Assemble([.. group]))).Where(periods => periods.Count > 0).ToList());

            var standing = book.Cards.Where(card => card.Layer == RateLayer.List).ToList();
            var own = standing.Where(IsImported).ToList();
            var precedence = new CardPrecedence([.. standing.Where(card => !IsImported(card))], own, order, request, Tell);
            var changes = new CardChanges(own, request, Tell);
            foreach (var periods in precedence.Choose(cards)) changes.Add(periods);
            return Result(read, judged, precedence, changes);
        }

        private ImportPlan Result(Dictionary<ImportSource, IReadOnlyList<ImportedModel>> read,
            Dictionary<ImportSource, List<ImportedModel>> judged, CardPrecedence precedence, CardChanges changes)
        {
            var (texts, faults) = Loaded(changes);
            var models = read.Values.SelectMany(entries => entries).ToList();
            return new ImportPlan
            {
                Files = [.. request.Files.Select(file => new FileSummary(file.Source, file.Name, file.Day, file.Utf8.Length,
                    read[file.Source].Count, judged[file.Source].Sum(model => model.Prices.Count)))],
                New = changes.New,
                Changed = changes.Changed,
                Removed = [.. changes.Removed(models.SelectMany(model => model.Providers).ToHashSet(),
                    models.Select(CardAssembler.IdOf).ToHashSet())],
                Unchanged = changes.Unchanged,
                Covered = precedence.Covered,
                Disagreements = precedence.Disagreements,
                Findings = findings,
                Cards = changes.Write,
                Texts = texts,
                Faults = faults,
            };
        }

        /// <summary>
        /// The files to write, once the loader takes them together with the cards in force: a model that contradicts others is
        /// refused, so that it cannot keep the rest out.
        /// </summary>
        private (IReadOnlyList<string> Texts, IReadOnlyList<RateCardFault> Faults) Loaded(CardChanges changes)
        {
            const int triesMax = 10;
            for (var left = triesMax; ; left--)
            {
                var texts = CardYaml.Write(changes.Write, request.RecordedAtNanos);
                var together = RateCardLoader.Load(
                    [.. request.InForce, .. texts.Select((text, at) => ($"import {at + 1}", text))]);
                if (together.IsSound) return (texts, []);
                var refused = 0;
                foreach (var fault in together.Faults) refused += changes.Refuse(fault) ? 1 : 0;
                if (left == 0 || refused == 0) return (texts, together.Faults);
            }
        }

        private IReadOnlyList<ImportedModel> Read(ImportFile file)
        {
            try
            {
                return file.Source switch
                {
                    ImportSource.GenAiPrices => new GenAiPricesReader(file, findings).Read(),
                    ImportSource.LiteLlm => new LiteLlmReader(file, findings).Read(),
                    _ => new ModelsDevReader(file, findings).Read(),
                };
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException)
            {
                throw new InvalidDataException(
                    $"{file.Name} is not a file of {ImportSources.NameOf(file.Source)}: {fault.Message.TrimEnd('.')}");
            }
        }

        private IReadOnlyList<ImportedCard> Dated(IReadOnlyList<ImportedCard> cards) => [.. cards.Select(card => card with
        {
            Card = card.Card with
            {
                Checked = files[card.Source].Day, RecordedAtNanos = request.RecordedAtNanos,
                Evidence = new RateEvidence
                {
                    FetchedAtNanos = files[card.Source].DayNanos, Catalogue = files[card.Source].Catalogue,
                },
            },
        })];

        /// <summary>Lines that other sources and the book have of the same model, by line.</summary>
        private Func<ImportedModel, IReadOnlyDictionary<string, List<PeerPrice>>> Peers(IEnumerable<ImportedModel> models)
        {
            var byName = new Dictionary<(string Provider, string Seller, string Region, string Name), List<ImportedModel>>();
            foreach (var model in models)
            {
                foreach (var name in model.Names)
                {
                    var key = (model.Providers[0], model.Seller, model.Region, name);
                    if (!byName.TryGetValue(key, out var same)) byName[key] = same = [];
                    same.Add(model);
                }
            }
            var inBook = new CardFinder();
            foreach (var card in book.Cards)
            {
                if (card.Layer == RateLayer.List && card.Currency == "USD" && card.FromNanos <= request.ChangesFromNanos
                    && request.ChangesFromNanos < card.ToNanos) inBook.Add(card);
            }
            return PeersOf;

            IReadOnlyDictionary<string, List<PeerPrice>> PeersOf(ImportedModel model)
            {
                var lines = new Dictionary<string, List<PeerPrice>>();
                var told = new HashSet<ImportedModel>(ReferenceEqualityComparer.Instance);
                foreach (var name in model.Names)
                {
                    foreach (var other in byName[(model.Providers[0], model.Seller, model.Region, name)])
                    {
                        if (other.Source == model.Source || !told.Add(other)) continue;
                        foreach (var price in other.Prices.Where(price => price.Window is null
                            && !price.Amount.IsZero && price.HoldsAt(request.ChangesFromNanos)))
                            Add(price.Line, new($"{ImportSources.NameOf(other.Source)} ({other.Key})", price.Each));
                    }
                }
                if (model.Region.Length == 0 && inBook.Find(model.Providers, model.Seller, model.Model) is { } card)
                {
                    foreach (var (line, each) in CardLines.Of(card)) Add(line, new($"card {card.Id} in force", each));
                }
                return lines;

                void Add(string line, PeerPrice peer)
                {
                    if (!lines.TryGetValue(line, out var peers)) lines[line] = peers = [];
                    peers.Add(peer);
                }
            }
        }

        private bool IsFree(ImportedModel model)
        {
            var name = $"{(model.Seller.Length > 0 ? model.Seller : model.Providers[0])}/{model.Model}";
            return request.Free.Any(pattern => FreePattern.Matches(pattern, name));
        }

        private void Tell(ImportFindingKind kind, ImportSource source, string path, string reason) =>
            findings.Add(kind, files[source], path, reason);

        private static bool IsImported(RateCard card) => card.Id.StartsWith(ImportedCard.IdStart, StringComparison.Ordinal);
    }
}
