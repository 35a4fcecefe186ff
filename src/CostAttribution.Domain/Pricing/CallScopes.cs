using System.Collections.Frozen;

namespace CostAttribution.Domain.Pricing;

/// <summary>Who made a call, as far as the contracts of one book tell callers apart. The default is a call of nobody in
/// particular. Means nothing to another book.</summary>
public readonly record struct CallScope(long Id);

/// <summary>What a call asked for, as far as the cards of one book tell calls apart. Means nothing to another book.</summary>
public readonly record struct CallTraits(int Id);

/// <summary>
/// Turns the values that contract scopes and price conditions name into small numbers, so that a price is looked up without
/// hashing them again. Values that the same cards name share a number: ten thousand customers of one contract are one.
/// </summary>
internal sealed class CallScopes
{
    /// <summary>Sets of values that may be told apart in one dimension of scopes.</summary>
    public const int ScopeValuesMax = (1 << 16) - 1;

    /// <summary>Geographies and endpoints that may be told apart.</summary>
    public const int TraitValuesMax = 254;

    /// <summary>Request flags that may be told apart.</summary>
    public const int FlagsMax = 15;

    /// <summary>Number of a value that is there but that no card names.</summary>
    private const int Unnamed = TraitValuesMax + 1;

    private const int ScopeBits = 16;
    private const int TraitBits = 8;

    private readonly FrozenDictionary<string, int>[] scopes = new FrozenDictionary<string, int>[4];
    private readonly FrozenDictionary<string, int> geographies;
    private readonly FrozenDictionary<string, int> endpoints;
    private readonly FrozenDictionary<string, int> flags;
    private readonly Dictionary<RateCard, HashSet<int>?[]> byCard = new(ReferenceEqualityComparer.Instance);

    public CallScopes(IReadOnlyList<RateCard> cards)
    {
        var scoped = cards.Where(card => card.Scope is not null).ToArray();
        for (var dimension = 0; dimension < scopes.Length; dimension++)
            scopes[dimension] = Number(scoped, dimension);
        HasScopes = scoped.Length > 0;
        foreach (var card in scoped)
        {
            byCard[card] = [.. card.Scope!.Dimensions.Select((values, dimension) =>
                values.Count == 0 ? null : values.Select(value => scopes[dimension][value]).ToHashSet())];
        }
        geographies = Names(cards.SelectMany(card => card.Geographies));
        endpoints = Names(cards.SelectMany(card => card.Endpoints));
        flags = Names(cards.SelectMany(card => card.RequestFlags));
        HasTraits = geographies.Count + endpoints.Count + flags.Count > 0
            || cards.Any(card => card.Geographies.Count + card.Endpoints.Count > 0);
    }

    /// <summary>Whether any card is for some callers only; else every call has the default scope.</summary>
    public bool HasScopes { get; }

    /// <summary>Whether any card is for some customers only.</summary>
    public bool HasCustomers => scopes[3].Count > 0;

    /// <summary>Whether any card has a price that depends on traits; else every call has the default traits.</summary>
    public bool HasTraits { get; }

    /// <summary>False when the book tells more apart than fits.</summary>
    public bool Fits => Array.TrueForAll(scopes, values => values.Count == 0 || values.Values.Max() <= ScopeValuesMax)
        && geographies.Count <= TraitValuesMax && endpoints.Count <= TraitValuesMax && flags.Count <= FlagsMax;

    public CallScope ScopeOf(string account, string project, string key, string customer)
    {
        if (!HasScopes) return default;
        return new CallScope(NumberIn(0, account) | NumberIn(1, project) | NumberIn(2, key) | NumberIn(3, customer));

        long NumberIn(int dimension, string value) =>
            (long)scopes[dimension].GetValueOrDefault(value) << (dimension * ScopeBits);
    }

    public CallTraits TraitsOf(string geography, string endpoint, ReadOnlySpan<string> requestFlags)
    {
        if (!HasTraits) return default;
        var set = 0;
        foreach (var flag in requestFlags)
        {
            if (flags.TryGetValue(flag, out var number)) set |= 1 << (number - 1);
        }
        return new CallTraits(NumberIn(geographies, geography) | NumberIn(endpoints, endpoint) << TraitBits
            | set << (2 * TraitBits));

        static int NumberIn(FrozenDictionary<string, int> names, string name) =>
            name.Length == 0 ? 0 : names.GetValueOrDefault(name, Unnamed);
    }

    /// <summary>Whether the card is for the caller.</summary>
    public bool Holds(RateCard card, CallScope scope)
    {
        if (!byCard.TryGetValue(card, out var dimensions)) return true;
        for (var dimension = 0; dimension < dimensions.Length; dimension++)
        {
            var number = (int)(scope.Id >> (dimension * ScopeBits) & ScopeValuesMax);
            if (dimensions[dimension] is { } values && !values.Contains(number)) return false;
        }
        return true;
    }

    /// <summary>The prices of a card that hold for the traits, geography before endpoint before flags by name.</summary>
    public IEnumerable<ConditionPrice> PricesFor(RateCard card, CallTraits traits)
    {
        if (Chosen(card.Geographies, geographies, traits.Id & Unnamed) is { } geography) yield return geography;
        if (Chosen(card.Endpoints, endpoints, traits.Id >> TraitBits & Unnamed) is { } endpoint) yield return endpoint;
        foreach (var flag in card.RequestFlags.OrderBy(flag => flag.Name, StringComparer.Ordinal))
        {
            if ((traits.Id >> (2 * TraitBits) >> (flags[flag.Name] - 1) & 1) == 1) yield return flag;
        }
    }

    private static ConditionPrice? Chosen(IReadOnlyList<ConditionPrice> prices, FrozenDictionary<string, int> names, int number)
    {
        ConditionPrice? any = null;
        foreach (var price in prices)
        {
            if (price.Name == "*") any = price;
            else if (price.Name == "unknown" ? number == 0 : names[price.Name] == number) return price;
        }
        return any;
    }

    private static FrozenDictionary<string, int> Names(IEnumerable<ConditionPrice> prices) => prices.Select(price => price.Name)
        .Where(name => name is not ("*" or "unknown")).Distinct().Order(StringComparer.Ordinal)
        .Select((name, index) => (name, index)).ToFrozenDictionary(named => named.name, named => named.index + 1,
            StringComparer.OrdinalIgnoreCase);

    private static FrozenDictionary<string, int> Number(RateCard[] scoped, int dimension)
    {
        var cardsOf = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        for (var i = 0; i < scoped.Length; i++)
        {
            foreach (var value in scoped[i].Scope!.Dimensions[dimension])
            {
                if (!cardsOf.TryGetValue(value, out var naming)) cardsOf[value] = naming = [];
                naming.Add(i);
            }
        }
        var numbers = new Dictionary<string, int>();
        return cardsOf.ToFrozenDictionary(value => value.Key, value =>
        {
            var naming = string.Join(',', value.Value);
            if (!numbers.TryGetValue(naming, out var number)) numbers[naming] = number = numbers.Count + 1;
            return number;
        });
    }
}
