using System.Security.Cryptography;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>One file of third-party prices.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Day">Day its figures are of, <c>yyyy-MM-dd</c>; becomes <c>checked</c> on the cards.</param>
public sealed record ImportFile(ImportSource Source, string Name, string Day, ReadOnlyMemory<byte> Utf8)
{
    /// <summary>Largest file that is read, in bytes; the largest known is a tenth of it.</summary>
    public const int BytesMax = 64 * 1024 * 1024;

    /// <summary>Most models in one file.</summary>
    public const int ModelsMax = 100_000;

    /// <summary>The day in nanoseconds since the Unix epoch; 0 when it is no day.</summary>
    public long DayNanos => RateCardTime.TryParse(Day, out var nanos) ? nanos : 0;

    /// <summary>Names these very bytes: the beginning of their SHA-256.</summary>
    public string Catalogue { get; } = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Utf8.Span))[..32]}";

    /// <summary>Reads a file; throws <see cref="InvalidDataException"/> when it is larger than <see cref="BytesMax"/>.</summary>
    public static ImportFile Open(ImportSource source, string path, string? day)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (file.Length > BytesMax) throw new InvalidDataException($"{path} is larger than {BytesMax} bytes");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var written = new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero);
        return new ImportFile(source, path, day ?? written.ToString("yyyy-MM-dd", null), bytes);
    }
}
