namespace CostAttribution.Domain.Pricing;

/// <summary>
/// The week of one time zone, cut where a window begins or ends; stretches in which the same windows hold share a slot.
/// </summary>
internal sealed class WindowMinutes
{
    private readonly ZoneClock clock;
    private readonly int[] starts;
    private readonly int[] slots;
    private readonly int[] someMinute;

    public WindowMinutes(string zone, IReadOnlyCollection<DailyWindow> windows)
    {
        Zone = zone;
        // The builder refuses zones that are not known, and a kept book of another machine is read as damaged.
        clock = ZoneClock.Find(zone) ?? throw new InvalidDataException($"time zone '{zone}' is not known on this machine");
        var cuts = new SortedSet<int> { 0 };
        foreach (var window in windows)
        {
            for (var midnight = 0; midnight < DailyWindow.MinutesPerWeek; midnight += DailyWindow.MinutesPerDay)
            {
                cuts.Add(midnight + window.FromMinute);
                cuts.Add((midnight + window.ToMinute) % DailyWindow.MinutesPerWeek);
            }
        }
        starts = [.. cuts];
        slots = new int[starts.Length];
        var minutes = new List<int>();
        var byHolding = new Dictionary<string, int>();
        for (var i = 0; i < starts.Length; i++)
        {
            var holding = string.Concat(windows.Select(window => window.Holds(starts[i]) ? '1' : '0'));
            if (!byHolding.TryGetValue(holding, out slots[i]))
            {
                byHolding[holding] = slots[i] = minutes.Count;
                minutes.Add(starts[i]);
            }
        }
        someMinute = [.. minutes];
    }

    public string Zone { get; }

    /// <summary>Number of slots.</summary>
    public int Count => someMinute.Length;

    public int SlotAt(long utcNanos)
    {
        var minute = clock.MinuteOfWeek(utcNanos);
        var i = starts.Length - 1;
        while (starts[i] > minute) i--;
        return slots[i];
    }

    /// <summary>A minute of the zone's week that lies in the slot.</summary>
    public int MinuteIn(int slot) => someMinute[slot];
}
