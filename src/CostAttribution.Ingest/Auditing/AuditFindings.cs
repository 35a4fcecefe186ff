using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Ingest.Auditing;

/// <summary>What one check has found so far and what became of it. Told even when the audit is cut off.</summary>
internal sealed class AuditFindings
{
    private const int ListedMax = 100;

    private readonly List<(AuditSuspect Suspect, AuditOutcome Outcome, string Why)> all = [];

    /// <summary>Suspects that this audit does not look at.</summary>
    public long Unexamined { get; set; }

    /// <summary>Traces that are another node's to look at.</summary>
    public long Elsewhere { get; set; }

    /// <summary>Last trace looked at when not all were.</summary>
    public string LookedAtUpTo { get; set; } = "";

    public void Add(AuditSuspect suspect, AuditOutcome outcome, string why = "") => all.Add((suspect, outcome, why));

    public void AddAll(IEnumerable<AuditSuspect> suspects, AuditOutcome outcome, string why = "")
    {
        foreach (var suspect in suspects) Add(suspect, outcome, why);
    }

    public AuditCheckReport ToReport(AuditCheck check, string failure = "")
    {
        long Count(AuditOutcome outcome) => all.Count(finding => finding.Outcome == outcome);
        return new AuditCheckReport
        {
            Name = check.Name,
            Asserts = check.Asserts,
            Found = all.Count + Unexamined,
            Repaired = Count(AuditOutcome.Repaired),
            Deferred = Count(AuditOutcome.Deferred) + Unexamined,
            Left = Count(AuditOutcome.Left),
            Elsewhere = Elsewhere,
            LookedAtUpTo = LookedAtUpTo,
            Findings = [.. all.OrderByDescending(finding => finding.Outcome).Take(ListedMax).Select(finding => new AuditFinding(
                finding.Suspect.Kind, finding.Suspect.Subject, finding.Suspect.Detail, finding.Outcome, finding.Why))],
            Failure = failure,
        };
    }
}
