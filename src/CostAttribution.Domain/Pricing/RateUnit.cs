namespace CostAttribution.Domain.Pricing;

/// <summary>What kind of thing a unit counts. Persisted by name: append only.</summary>
public enum UnitFamily : byte
{
    Other, Token, Request, Search, Tool, Session, Image, Pixel, Page, Character, Time, Compute, Storage, Vector,
}

/// <summary>Which way a unit flows. Persisted by name: append only.</summary>
public enum UnitDirection : byte { None, Input, Output }

/// <summary>What a unit carries. Persisted by name: append only.</summary>
public enum UnitModality : byte { None, Text, Audio, Image, Video }

/// <summary>Which tokens of a direction and modality a unit counts. Persisted by name: append only.</summary>
public enum TokenKind : byte { None, Plain, Reasoning, Citation, Tool, Compaction, ComputerUse }

/// <summary>What the prompt cache did with the tokens. Persisted by name: append only.</summary>
public enum CacheAction : byte { None, Read, Write }

/// <summary>What a unit costs that is used and that the card does not name. Persisted by name: append only.</summary>
public enum FallbackPolicy : byte
{
    /// <summary>The row is unpriced: its cost is a lower bound.</summary>
    Fail = 0,

    /// <summary>What another unit costs; the row is flagged.</summary>
    Unit = 1,

    /// <summary>The dearest rate the card has for the unit's family and direction; the row is flagged.</summary>
    UpperBound = 2,

    /// <summary>What another unit costs because the provider says so: a price like any other, not flagged.</summary>
    SamePrice = 3,
}

/// <summary>A card's word on a unit that it does not price.</summary>
/// <param name="At">The unit whose rate is taken; empty unless the policy needs one.</param>
public sealed record UnitFallback(string Unit, FallbackPolicy Policy, string At = "");

/// <summary>One unit that can be priced, described so that rules about units need not know names.</summary>
public sealed record RateUnit(string Name, UnitFamily Family)
{
    public UnitDirection Direction { get; init; }
    public UnitModality Modality { get; init; }
    public TokenKind Kind { get; init; }
    public CacheAction Cache { get; init; }

    /// <summary>Time to live of a cache write in seconds; 0 = unknown or not a cache write.</summary>
    public int CacheTtlSeconds { get; init; }

    /// <summary>What quantities of the unit count: one of these is a quantity of 1.</summary>
    public string Step { get; init; } = "";

    /// <summary>The unit nearest in meaning, for cards that choose to fall back to it; empty when there is none.</summary>
    public string Parent { get; init; } = "";

    /// <summary>What holds when a card says nothing: <see cref="FallbackPolicy.Fail"/> unless documented otherwise.</summary>
    public FallbackPolicy Policy { get; init; }

    /// <summary>Whether it counts towards the input total that context thresholds are compared with.</summary>
    public bool InInputTotal { get; init; }

    /// <summary>Whether factors of tier, region and window apply: they are published for tokens, not for searches.</summary>
    public bool TakesFactors { get; init; }
}

/// <summary>A unit that a file declares.</summary>
public sealed record DeclaredUnit(RateUnit Unit, string File = "", int Line = 0);
