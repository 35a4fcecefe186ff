namespace CostAttribution.Domain.Costing;

/// <summary>Growing reused arrays.</summary>
internal static class Scratch
{
    /// <summary>Larger arrays are given up after the trace that needed them.</summary>
    public const int KeptMax = 16 * 1024;

    public static void Ensure<T>(ref T[] array, int count)
    {
        if (array.Length < count || (array.Length > KeptMax && count <= KeptMax)) array = new T[Math.Max(16,
            Math.Max(count, count <= KeptMax ? count * 2 : 0))];
    }
}
