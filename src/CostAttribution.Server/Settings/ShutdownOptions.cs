using System.ComponentModel.DataAnnotations;

namespace CostAttribution.Server.Settings;

/// <summary>How the server stops.</summary>
public sealed class ShutdownOptions
{
    public const string Section = "Shutdown";

    /// <summary>
    /// Longest that a stop takes in all, from the signal to the end of the process: requests under way, what is due to the store,
    /// closing. What is not posted by then is in the journal. Give a supervisor's own limit a few seconds more.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);
}
