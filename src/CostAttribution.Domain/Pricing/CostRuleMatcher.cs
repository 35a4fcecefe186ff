using System.Collections.Frozen;
using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>Why a rule that applies to a span has no quantity to price.</summary>
public enum RuleFault : byte
{
    None = 0,

    /// <summary>The attribute that holds the number is not on the span, or its end is not known.</summary>
    NoQuantity = 1,

    /// <summary>It is no plain number that is not negative, or beyond 64 bits.</summary>
    BadQuantity = 2,
}

/// <summary>What a rule found on a span.</summary>
/// <param name="Quantity">In the smallest step of the rule's unit; 0 with a fault.</param>
public readonly record struct RuleHit(CostRule Rule, long Quantity, RuleFault Fault);

/// <summary>
/// The cost rules of a book, ready to be asked for each span. A span of a scope and name that no rule mentions costs two
/// look-ups. Immutable, safe for many threads.
/// </summary>
public sealed class CostRuleMatcher
{
    /// <summary>Most rules of a book.</summary>
    public const int RulesMax = 256;

    /// <summary>Most attribute keys that the rules of a book may read.</summary>
    public const int KeysMax = 64;

    /// <summary>Longest number that is read from an attribute, in characters.</summary>
    private const int NumberMax = 40;

    private readonly FrozenDictionary<string, Compiled[]> byScope;
    private readonly FrozenDictionary<string, Compiled[]> byName;
    private readonly Compiled[] others;
    private readonly RateUnitTable units;

    private sealed record Compiled(CostRule Rule, int[] Keys, int QuantityKey, int TimesKey);

    internal CostRuleMatcher(IReadOnlyList<CostRule> rules, RateUnitTable units)
    {
        this.units = units;
        AttributeKeys = [.. rules.SelectMany(KeysOf).Where(key => key.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        var compiled = rules.Select(rule => new Compiled(rule, [.. rule.Attributes.Select(match => IndexOf(match.Key))],
            IndexOf(rule.Quantity.Attribute), IndexOf(rule.Quantity.TimesAttribute))).ToArray();
        byScope = Group(compiled.Where(IsByScope), rule => rule.Scope!);
        byName = Group(compiled.Where(rule => !IsByScope(rule) && IsByName(rule)), rule => rule.SpanName!);
        others = [.. compiled.Where(rule => !IsByScope(rule) && !IsByName(rule))];

        static bool IsByScope(Compiled rule) => rule.Rule.Scope?.Kind == TextMatchKind.Equals;
        static bool IsByName(Compiled rule) => rule.Rule.SpanName?.Kind == TextMatchKind.Equals;
    }

    /// <summary>Keys of the attributes that rules read, ordered; <see cref="Match"/> takes their values in this order.</summary>
    public IReadOnlyList<string> AttributeKeys { get; }

    public bool IsEmpty => byScope.Count == 0 && byName.Count == 0 && others.Length == 0;

    internal static IEnumerable<string> KeysOf(CostRule rule) => rule.Attributes.Select(match => match.Key)
        .Append(rule.Quantity.Attribute).Append(rule.Quantity.TimesAttribute);

    /// <summary>Whether any rule may apply to spans of this scope and name.</summary>
    public bool Concerns(string scope, string spanName)
    {
        if (byScope.Count > 0 && byScope.ContainsKey(scope)) return true;
        if (byName.Count > 0 && byName.ContainsKey(spanName)) return true;
        foreach (var rule in others)
        {
            if ((rule.Rule.Scope?.Holds(scope) ?? true) && (rule.Rule.SpanName?.Holds(spanName) ?? true)) return true;
        }
        return false;
    }

    /// <summary>Adds what the rules find on a span, in no particular order; never throws on data.</summary>
    /// <param name="durationNanos">Null when the span does not say how long it took.</param>
    /// <param name="values">Values of <see cref="AttributeKeys"/> as text, null where the span has none.</param>
    public void Match(string scope, string spanName, ulong? durationNanos, ReadOnlySpan<string?> values, List<RuleHit> hits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, AttributeKeys.Count);
        if (byScope.Count > 0 && byScope.TryGetValue(scope, out var rules))
            Apply(rules, scope, spanName, durationNanos, values, hits);
        if (byName.Count > 0 && byName.TryGetValue(spanName, out rules))
            Apply(rules, scope, spanName, durationNanos, values, hits);
        Apply(others, scope, spanName, durationNanos, values, hits);
    }

    private void Apply(Compiled[] rules, string scope, string spanName, ulong? durationNanos, ReadOnlySpan<string?> values,
        List<RuleHit> hits)
    {
        foreach (var rule in rules)
        {
            if (rule.Rule.Scope is { } scopes && !scopes.Holds(scope)) continue;
            if (rule.Rule.SpanName is { } name && !name.Holds(spanName)) continue;
            if (HoldAttributes(rule, values)) hits.Add(Measure(rule, durationNanos, values));
        }
    }

    private static bool HoldAttributes(Compiled rule, ReadOnlySpan<string?> values)
    {
        for (var i = 0; i < rule.Keys.Length; i++)
        {
            if (!rule.Rule.Attributes[i].Match.Holds(values[rule.Keys[i]])) return false;
        }
        return true;
    }

    private RuleHit Measure(Compiled compiled, ulong? durationNanos, ReadOnlySpan<string?> values)
    {
        var (rule, quantity) = (compiled.Rule, compiled.Rule.Quantity);
        var amount = Rational.One;
        switch (quantity.Source)
        {
            case QuantitySource.Duration:
                if (durationNanos is not { } nanos) return new(rule, 0, RuleFault.NoQuantity);
                amount = new Rational(nanos, NanosPerStep(units.Find(rule.Unit)));
                break;
            case QuantitySource.Attribute:
                if (values[compiled.QuantityKey] is not { Length: > 0 } text) return new(rule, 0, RuleFault.NoQuantity);
                if (!TryRead(text, out amount)) return new(rule, 0, RuleFault.BadQuantity);
                break;
        }
        if (compiled.TimesKey >= 0)
        {
            if (values[compiled.TimesKey] is not { Length: > 0 } text) return new(rule, 0, RuleFault.NoQuantity);
            if (!TryRead(text, out var times)) return new(rule, 0, RuleFault.BadQuantity);
            amount *= times;
        }
        amount *= quantity.Times;
        var steps = BigInteger.DivRem(amount.Numerator, amount.Denominator, out var rest);
        var comparison = (rest * 2).CompareTo(amount.Denominator);
        if (quantity.RoundUp ? !rest.IsZero : comparison > 0 || (comparison == 0 && !steps.IsEven)) steps += 1;
        return steps > long.MaxValue ? new(rule, 0, RuleFault.BadQuantity) : new(rule, (long)steps, RuleFault.None);
    }

    /// <summary>Nanoseconds of one step; 0 for a unit that is no time.</summary>
    internal static long NanosPerStep(RateUnit unit) => unit.Step switch
    {
        "second" => 1_000_000_000,
        "millisecond" => 1_000_000,
        _ => 0,
    };

    /// <summary>Plain decimals as they stand in attributes; an exponent, a sign, <c>NaN</c> is no quantity.</summary>
    private static bool TryRead(string text, out Rational amount)
    {
        amount = default;
        return text.Length <= NumberMax && Rational.TryParseDecimal(text.AsSpan().Trim(), out amount);
    }

    private int IndexOf(string key) => key.Length == 0 ? -1
        : AttributeKeys.Select((known, index) => (known, index)).First(known => known.known == key).index;

    private static FrozenDictionary<string, Compiled[]> Group(IEnumerable<Compiled> rules, Func<CostRule, TextMatch> match) =>
        rules.SelectMany(rule => match(rule.Rule).Values, (rule, value) => (value, rule))
            .GroupBy(pair => pair.value, pair => pair.rule).ToFrozenDictionary(group => group.Key, group => group.ToArray());
}
