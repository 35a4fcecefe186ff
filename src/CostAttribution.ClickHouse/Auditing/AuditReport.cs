using System.Text.Json;
using System.Text.Json.Serialization;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>How far an audit is.</summary>
public enum AuditState : byte
{
    /// <summary>Under way.</summary>
    Running = 1,

    /// <summary>Every check has answered.</summary>
    Completed = 2,

    /// <summary>Ended before every check had answered; failure says why.</summary>
    Failed = 3,
}

/// <summary>What became of a finding.</summary>
public enum AuditOutcome : byte
{
    /// <summary>Corrected by appended rows, and looked at again: it is no longer wrong.</summary>
    Repaired = 1,

    /// <summary>Would be corrected; nothing was, because the audit was asked to report only.</summary>
    Repairable = 2,

    /// <summary>
    /// Waits: the trace is still open, another node holds it, the store did not answer, or there was no time. A later audit looks
    /// again.
    /// </summary>
    Deferred = 3,

    /// <summary>Still wrong; an operator has to look.</summary>
    Left = 4,
}

/// <summary>What an audit looked at, found and did.</summary>
public sealed record AuditReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Indented = new(Json) { WriteIndented = true };

    /// <summary>Names this audit; node and start.</summary>
    public required string Id { get; init; }

    /// <summary>The node that ran it.</summary>
    public required string Node { get; init; }

    /// <summary>Who asked for it.</summary>
    public required AuditTrigger Trigger { get; init; }

    /// <summary>How far it is.</summary>
    public required AuditState State { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>First hour of event times looked at; null when there was nothing to look at.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>End of the last hour looked at.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only hours and traces that postings touched since were looked at; null for all in the range.</summary>
    public DateTimeOffset? PostedSince { get; init; }

    /// <summary>It was asked to report only.</summary>
    public bool DryRun { get; init; }

    /// <summary>Hours looked at.</summary>
    public long Hours { get; init; }

    /// <summary>Ledger rows in them.</summary>
    public long Rows { get; init; }

    /// <summary>Findings of all checks.</summary>
    public long Found { get; init; }

    /// <summary>Findings that were corrected.</summary>
    public long Repaired { get; init; }

    /// <summary>Findings that wait for the next audit.</summary>
    public long Deferred { get; init; }

    /// <summary>Findings that are still there and will not go away by themselves.</summary>
    public long Left { get; init; }

    /// <summary>Why it failed; empty when it did not.</summary>
    public string Failure { get; init; } = "";

    /// <summary>Every check, in the order they ran.</summary>
    public IReadOnlyList<AuditCheckReport> Checks { get; init; } = [];

    /// <summary>Ended with nothing wrong that is left, waits or was not looked at.</summary>
    [JsonIgnore]
    public bool IsClean => State == AuditState.Completed && Found == Repaired;

    public string ToJson(bool indented = false) => JsonSerializer.Serialize(this, indented ? Indented : Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote, or the REST interface; throws <see cref="JsonException"/>.</summary>
    public static AuditReport FromJson(string json) => JsonSerializer.Deserialize<AuditReport>(json, Json)
        ?? throw new JsonException("an audit's report is empty");
}

/// <summary>What one check found.</summary>
public sealed record AuditCheckReport
{
    /// <summary>Stable name of the check.</summary>
    public required string Name { get; init; }

    /// <summary>What must hold.</summary>
    public required string Asserts { get; init; }

    /// <summary>Findings, those included that are not listed.</summary>
    public long Found { get; init; }

    /// <summary>Those that were corrected.</summary>
    public long Repaired { get; init; }

    /// <summary>Those that wait for the next audit.</summary>
    public long Deferred { get; init; }

    /// <summary>Those that are left.</summary>
    public long Left { get; init; }

    /// <summary>
    /// Traces that another living node holds, which only that node can cost again: its own audits look at them.
    /// </summary>
    public long Elsewhere { get; init; }

    /// <summary>
    /// The last trace looked at when there were more than one audit takes; the next audit goes on behind it. Empty when all were.
    /// </summary>
    public string LookedAtUpTo { get; init; } = "";

    /// <summary>The first findings, those that are left before the others.</summary>
    public IReadOnlyList<AuditFinding> Findings { get; init; } = [];

    /// <summary>Why the check could not be made; empty when it was.</summary>
    public string Failure { get; init; } = "";
}

/// <summary>One thing that was wrong.</summary>
/// <param name="Kind">What, in one word of the check.</param>
/// <param name="Subject">An hour, a trace, a span or a posting.</param>
/// <param name="Detail">The figures.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Why">Why it is not corrected; empty when it is.</param>
public sealed record AuditFinding(string Kind, string Subject, string Detail, AuditOutcome Outcome, string Why);
