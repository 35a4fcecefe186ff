using System.Globalization;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>Instants and hours as SQL literals.</summary>
internal static class HourSql
{
    /// <summary>The hours as a list for <c>IN</c>.</summary>
    public static string In(IEnumerable<DateTimeOffset> hours) => string.Join(", ", hours.Select(Hour));

    public static string Hour(DateTimeOffset hour) =>
        string.Create(CultureInfo.InvariantCulture, $"toDateTime({hour.ToUnixTimeSeconds()}, 'UTC')");

    public static string Instant(DateTimeOffset time) => string.Create(CultureInfo.InvariantCulture,
        $"fromUnixTimestamp64Micro({(time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond}, 'UTC')");

    /// <summary>A half-open condition on an instant column.</summary>
    public static string Within(string column, DateTimeOffset from, DateTimeOffset to) =>
        $"{column} >= {Instant(from)} AND {column} < {Instant(to)}";

    /// <summary>A condition on <c>event_time</c> that spans the hours, so that other partitions are not read.</summary>
    public static string Around(IReadOnlyCollection<DateTimeOffset> hours) =>
        Within("event_time", hours.Min(), hours.Max().AddHours(1));
}
