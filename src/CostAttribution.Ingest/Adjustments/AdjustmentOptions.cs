using System.ComponentModel.DataAnnotations;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>When the terms of rate cards are settled by themselves, and what that may take.</summary>
public sealed class AdjustmentOptions
{
    public const string Section = "Adjustments";

    /// <summary>How often what changed is settled; 0 leaves it to requests.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "31.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How long after its end a period is waited for: late spans would be corrections.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "31.00:00:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Whether scheduled runs settle quantities and capacity of periods that are not over, as they are then.</summary>
    public bool OpenPeriods { get; set; } = true;

    /// <summary>
    /// Groups (days, customers, features, models, …) that one period of a term may be split over; one with more is refused.
    /// </summary>
    [Range(1, 1_000_000)]
    public int GroupsMax { get; set; } = 100_000;

    /// <summary>Periods of terms that one run computes.</summary>
    [Range(1, 1_000_000)]
    public int PeriodsMax { get; set; } = 20_000;

    /// <summary>Ledger rows, corrected ones included, that are held and posted at once.</summary>
    [Range(100, 50_000)]
    public int RowsHeldMax { get; set; } = 10_000;
}
