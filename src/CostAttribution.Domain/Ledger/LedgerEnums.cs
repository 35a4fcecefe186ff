namespace CostAttribution.Domain.Ledger;

// Persisted by name and number in ClickHouse Enum8 columns: append only.

/// <summary>How a ledger row came about.</summary>
public enum EntryKind : byte { Usage = 1, Reversal = 2, Allocation = 3, Adjustment = 4 }

/// <summary>What a ledger row is; the same on an entry and its reversal.</summary>
public enum CostKind : byte { Usage = 1, Allocation = 2, Adjustment = 3 }

/// <summary>Outcome of the call a row stands for.</summary>
public enum CallStatus : byte { Unknown = 0, Ok = 1, Error = 2, Aborted = 3 }

/// <summary>Where a dimension's value came from, best first.</summary>
public enum Evidence : byte { None = 0, Own = 1, Ancestor = 2, Link = 3, Run = 4, Resource = 5, Session = 6, Rule = 7 }

/// <summary>Whether a span's usage is billed, and why not when it is not.</summary>
public enum Ownership : byte { None = 0, Owner = 1, Duplicate = 2, Aggregate = 3, AggregateFallback = 4 }

/// <summary>How a workflow run ended.</summary>
public enum RunStatus : byte { Open = 0, Completed = 1, Failed = 2, Incomplete = 3 }

/// <summary>Why a row was posted; the <c>reason</c> column holds the snake-case name.</summary>
public enum PostingReason : byte
{
    First = 0, LateSpan = 1, LateParent = 2, Duplicate = 3, Reprice = 4, Reattribute = 5, Audit = 6, TrueUp = 7, Context = 8,
    Settlement = 9,
}
