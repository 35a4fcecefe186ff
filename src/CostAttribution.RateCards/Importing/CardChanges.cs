using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Lays the chosen cards beside those of earlier imports that are in force, and says what is to be written.</summary>
internal sealed class CardChanges(IReadOnlyList<RateCard> imported, ImportRequest request,
    Action<ImportFindingKind, ImportSource, string, string> tell)
{
    private readonly Dictionary<string, List<RateCard>> byModel = imported.GroupBy(card => ModelOf(card.Id))
        .ToDictionary(group => group.Key, group => group.ToList());

    public List<ImportedCard> New { get; } = [];
    public List<CardChange> Changed { get; } = [];
    public List<ImportedCard> Write { get; } = [];
    public int Unchanged { get; private set; }
    private readonly HashSet<string> seen = [];

    /// <summary>The id without the date of its period.</summary>
    public static string ModelOf(string id)
    {
        var at = id.LastIndexOf('@');
        return at > 0 && RateCardTime.TryParse(id[(at + 1)..], out _) ? id[..at] : id;
    }

    public void Add(ImportedCard[] periods)
    {
        var model = ModelOf(periods[^1].Card.Id);
        if (!seen.Add(model))
        {
            tell(ImportFindingKind.Refused, periods[^1].Source, periods[^1].Key, $"a second entry for card '{model}'");
            return;
        }
        if (!byModel.TryGetValue(model, out var standing))
        {
            New.AddRange(periods);
            Write.AddRange(periods);
        }
        else if (standing.Exists(card => card.RecordedAtNanos >= request.RecordedAtNanos) && !Confirmed(periods, standing))
        {
            tell(ImportFindingKind.Refused, periods[^1].Source, periods[^1].Key,
                $"card '{model}' was recorded at {RateCardTime.ToText(standing.Max(card => card.RecordedAtNanos))}; "
                + "give a later --recorded-at");
        }
        else if (periods.Length == 1 && periods[0].Card.ToNanos == long.MaxValue) Undated(periods[0], standing);
        else Dated(periods, standing);
    }

    /// <summary>Leaves out the model that a contradiction is about; false when it is about none of these.</summary>
    public bool Refuse(RateCardFault fault)
    {
        if (fault.Kind != RateCardFaultKind.Contradiction
            || Write.Find(card => fault.Reason.Contains($"card '{card.Card.Id}'", StringComparison.Ordinal)) is not { } guilty)
            return false;
        var model = ModelOf(guilty.Card.Id);
        Write.RemoveAll(card => ModelOf(card.Card.Id) == model);
        New.RemoveAll(card => ModelOf(card.Card.Id) == model);
        Changed.RemoveAll(change => ModelOf(change.Id) == model);
        tell(ImportFindingKind.Refused, guilty.Source, guilty.Key, fault.Reason);
        return true;
    }

    /// <summary>Ids of models that were imported before, for a provider of these files, and are in none of them.</summary>
    public IEnumerable<string> Removed(IReadOnlySet<string> providersRead, IReadOnlySet<string> modelsRead) =>
        byModel.Where(model => !modelsRead.Contains(model.Key)
            && model.Value.Exists(card => card.Providers.Any(providersRead.Contains)))
            .Select(model => model.Key).Order(StringComparer.Ordinal);

    private bool Confirmed(ImportedCard[] periods, List<RateCard> standing) => periods.Length == 1
        ? InForce(standing) is { } card && Same(card, periods[0].Card)
        : periods.All(period => standing.Exists(card => card.Id == period.Card.Id && SamePeriod(card, period.Card)
            && Same(card, period.Card)));

    private static bool Same(RateCard left, RateCard right) => CardLines.SamePrices(left, right)
        && CardLines.SameCalls(left, right);

    private static bool SamePeriod(RateCard left, RateCard right) =>
        left.FromNanos == right.FromNanos && left.ToNanos == right.ToNanos;

    private RateCard? InForce(List<RateCard> standing) =>
        standing.Find(card => card.FromNanos <= request.ChangesFromNanos && request.ChangesFromNanos < card.ToNanos);

    /// <summary>The source says what it costs now: what changed, changes from a day on, or always was so.</summary>
    private void Undated(ImportedCard now, List<RateCard> standing)
    {
        if (InForce(standing) is not { } old)
        {
            tell(ImportFindingKind.Refused, now.Source, now.Key,
                $"no card of '{ModelOf(now.Card.Id)}' is in force on the day of the change; write one by hand");
            return;
        }
        if (Same(old, now.Card))
        {
            Unchanged++;
            return;
        }
        var stays = request.Correct || CardLines.SamePrices(old, now.Card) || old.FromNanos == request.ChangesFromNanos;
        if (stays)
        {
            Change(old, now with { Card = now.Card with { Id = old.Id, FromNanos = old.FromNanos, ToNanos = old.ToNanos } });
            return;
        }
        var id = $"{ModelOf(now.Card.Id)}@{RateCardTime.ToText(request.ChangesFromNanos)}";
        Write.Add(new ImportedCard(old with { ToNanos = request.ChangesFromNanos }, now.Source, now.Key,
            $"ends with the price of {id}"));
        Change(old, now with { Card = now.Card with { Id = id, FromNanos = request.ChangesFromNanos, ToNanos = old.ToNanos } });
    }

    /// <summary>The source gives the days itself, so its cards stand as they are.</summary>
    private void Dated(ImportedCard[] periods, List<RateCard> standing)
    {
        if (standing.Exists(card => Array.TrueForAll(periods, period => period.Card.Id != card.Id)))
        {
            tell(ImportFindingKind.Refused, periods[^1].Source, periods[^1].Key,
                $"cards of '{ModelOf(periods[^1].Card.Id)}' stand with other days than the source now gives; "
                + "correct them by hand");
            return;
        }
        foreach (var period in periods)
        {
            var old = standing.Find(card => card.Id == period.Card.Id);
            if (old is null)
            {
                New.Add(period);
                Write.Add(period);
            }
            else if (Same(old, period.Card) && SamePeriod(old, period.Card)) Unchanged++;
            else Change(old, period);
        }
    }

    private void Change(RateCard old, ImportedCard now)
    {
        Write.Add(now);
        var (before, after) = (CardLines.Of(old), CardLines.Of(now.Card));
        var lines = new List<LineChange>();
        foreach (var line in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var had = before.TryGetValue(line, out var was);
            var has = after.TryGetValue(line, out var becomes);
            if (had && has && was == becomes) continue;
            lines.Add(new LineChange(line, had ? CardLines.Text(line, was) : "none", has ? CardLines.Text(line, becomes) : "none",
                had && has ? ExactNumber.Percent(was, becomes) : ""));
        }
        if (!CardLines.SameCalls(old, now.Card))
            lines.Add(new LineChange("match", RulesText(old), RulesText(now.Card), ""));
        if (!SamePeriod(old, now.Card) && old.Id == now.Card.Id)
            lines.Add(new LineChange("period", PeriodText(old), PeriodText(now.Card), ""));
        Changed.Add(new CardChange(now.Card.Id, old.Id == now.Card.Id ? "" : old.Id,
            now.Card.FromNanos == long.MinValue ? "" : RateCardTime.ToText(now.Card.FromNanos), lines));
    }

    private static string RulesText(RateCard card) =>
        RulesText(card.Match) + (card.Except.Count == 0 ? "" : $" except {RulesText(card.Except)}");

    private static string RulesText(IReadOnlyList<ModelRule> rules) =>
        string.Join(", ", rules.Select(rule => rule.Pattern).Order(StringComparer.Ordinal));

    private static string PeriodText(RateCard card) =>
        $"{RateCardTime.ToText(card.FromNanos)} to {RateCardTime.ToText(card.ToNanos)}";
}
