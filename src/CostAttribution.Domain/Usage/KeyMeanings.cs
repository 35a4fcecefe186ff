using System.Collections.Frozen;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage;

/// <summary>What kind of slot a key fills.</summary>
internal enum KeyKind : byte { None, Number, Text, Cost, Currency, Switch }

/// <summary>
/// What a key means: its slot, its place in the order of precedence there (0 is best), and what its presence tells.
/// </summary>
internal readonly record struct KeyMeaning(KeyKind Kind, byte Slot, byte Rank, SpanTraits Traits);

/// <summary>The precedence lists of docs/dialects.md, compiled to one look-up by key id.</summary>
internal static class KeyMeanings
{
    private static readonly KeyMeaning[] ById = Compile();

    public static KeyMeaning Of(ushort key) => key < ById.Length ? ById[key] : default;

    /// <summary>Bit per rank of a cost whose currency the key names: its siblings, and the cost it stands under.</summary>
    public static ulong CostsIn(ushort currencyKey) => CostsByCurrency.GetValueOrDefault(currencyKey);

    private static readonly FrozenDictionary<ushort, ulong> CostsByCurrency =
        PrecedenceLists.Currencies.ToFrozenDictionary(IdOf, currency =>
        {
            var place = currency[..^"currency".Length];
            ulong costs = 0;
            for (var rank = 0; rank < PrecedenceLists.Costs.Length; rank++)
            {
                var cost = PrecedenceLists.Costs[rank];
                var sibling = cost[..(cost.LastIndexOfAny(['.', ':']) + 1)] == place;
                if (sibling || cost == place[..^1]) costs |= 1UL << rank;
            }
            return costs;
        });

    private static KeyMeaning[] Compile()
    {
        var meanings = new KeyMeaning[KnownKeys.BuiltInIdEnd];
        foreach (var (slot, names) in PrecedenceLists.Numbers) Rank(meanings, KeyKind.Number, (byte)slot, names);
        foreach (var (slot, names) in PrecedenceLists.Texts) Rank(meanings, KeyKind.Text, (byte)slot, names);
        Rank(meanings, KeyKind.Cost, 0, PrecedenceLists.Costs);
        foreach (var name in PrecedenceLists.Currencies)
            meanings[IdOf(name)] = new KeyMeaning(KeyKind.Currency, 0, 0, SpanTraits.None);
        foreach (var (traits, names) in PrecedenceLists.Switches)
        {
            foreach (var name in names) meanings[IdOf(name)] = new KeyMeaning(KeyKind.Switch, 0, 0, traits | SpanTraits.GenAi);
        }
        foreach (var (traits, names) in PrecedenceLists.Traits)
        {
            foreach (var name in names) meanings[IdOf(name)] =
                meanings[IdOf(name)] with { Traits = meanings[IdOf(name)].Traits | traits };
        }
        // Records written before the decoder told these prefixes apart have no hint for them.
        foreach (var key in KnownKeys.All)
        {
            if (key.Name.StartsWith("langfuse.observation.", StringComparison.Ordinal))
                meanings[key.Id] = meanings[key.Id] with { Traits = meanings[key.Id].Traits | SpanTraits.LangfuseObservation };
        }
        foreach (var key in UsageKeys.All)
        {
            var traits = key.Name.StartsWith("gen_ai.usage.", StringComparison.Ordinal)
                ? SpanTraits.GenAi | SpanTraits.GenAiUsage : SpanTraits.GenAi;
            if (key.Name.StartsWith("ai.usage.inputTokenDetails.", StringComparison.Ordinal)) traits |= SpanTraits.VercelDetails;
            if (meanings[key.Id].Kind != KeyKind.None) meanings[key.Id] =
                meanings[key.Id] with { Traits = meanings[key.Id].Traits | traits };
        }
        return meanings;
    }

    private static void Rank(KeyMeaning[] meanings, KeyKind kind, byte slot, string[] names)
    {
        for (var rank = 0; rank < names.Length; rank++)
        {
            var id = IdOf(names[rank]);
            if (meanings[id].Kind != KeyKind.None) throw new InvalidOperationException($"key {names[rank]} has two meanings");
            var traits = names[rank].StartsWith("gen_ai.", StringComparison.Ordinal) ? SpanTraits.GenAi : SpanTraits.None;
            meanings[id] = new KeyMeaning(kind, slot, (byte)rank, traits);
        }
    }

    private static ushort IdOf(string name) =>
        AttributeKeyTable.Default.TryGet(name, out var key) ? key.Id
            : throw new InvalidOperationException($"key {name} is not in the key list");
}
