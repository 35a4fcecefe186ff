using System.Diagnostics;

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>Waits for what another process does: asks again and again until the answer is as wanted or the time is over.</summary>
internal static class Eventually
{
    /// <summary>Generous, because it is met only when something is wrong; the machine may be busy.</summary>
    public static readonly TimeSpan DeadlineDefault = TimeSpan.FromSeconds(180);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>The first result of <paramref name="read"/> that <paramref name="holds"/>; fails with the last one otherwise.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T>> read, Func<T, bool> holds, Func<string>? context = null, TimeSpan? deadline = null,
        Func<T, string>? show = null)
    {
        var cancel = TestContext.Current.CancellationToken;
        var limit = deadline ?? DeadlineDefault;
        var began = Stopwatch.GetTimestamp();
        using var pulse = new PeriodicTimer(Interval);
        while (true)
        {
            var last = await read();
            if (holds(last)) return last;
            if (Stopwatch.GetElapsedTime(began) > limit)
            {
                var seen = show is null ? $"{last}" : show(last);
                Assert.Fail($"did not come about within {limit.TotalSeconds:0} s; last seen: {seen}\n{context?.Invoke()}");
            }
            await pulse.WaitForNextTickAsync(cancel);
        }
    }
}
