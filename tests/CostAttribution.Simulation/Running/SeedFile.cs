using System.Globalization;

namespace CostAttribution.Simulation.Running;

/// <summary>The seeds that once failed (<c>seeds.txt</c>).</summary>
public static class SeedFile
{
    public static IReadOnlyList<ulong> Seeds { get; } = [.. Lines().Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => ulong.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture))];

    private static IEnumerable<string> Lines()
    {
        using var stream = typeof(SeedFile).Assembly.GetManifestResourceStream("seeds.txt")
            ?? throw new InvalidOperationException("seeds.txt is not part of the program");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line) yield return line;
    }
}
