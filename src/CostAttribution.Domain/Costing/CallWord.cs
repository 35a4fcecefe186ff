using System.Globalization;

namespace CostAttribution.Domain.Costing;

/// <summary>Who reports a call, by whom it is rather billed to first.</summary>
internal enum CallSide : byte
{
    /// <summary>The process that wanted it, which knows for whom.</summary>
    Application = 0,

    /// <summary>A gateway on the way.</summary>
    Gateway = 1,

    /// <summary>The provider, or a broker that pushes spans of its own.</summary>
    Vendor = 2,
}

/// <summary>
/// What one trace says first-hand of a call with a unique response id: enough for another trace that reports the same id to tell
/// whether it is the same call, and which of the two bills it. All counts are tokens.
/// </summary>
/// <param name="Side">Who speaks.</param>
/// <param name="HasUsage">Whether the trace can bill it at all.</param>
/// <param name="Input">All input, by the dialect's cache rule.</param>
/// <param name="RawInput">As reported; −1 for none.</param>
/// <param name="Uncached">Input outside the cache.</param>
/// <param name="Output">All output; −1 for none.</param>
/// <param name="StartSeconds">Since the Unix epoch.</param>
/// <param name="Model">Family of the model that answered, else of the one asked for; empty when unknown.</param>
/// <param name="RequestModel">Family of the one asked for, where another answered.</param>
internal readonly record struct CallWord(CallSide Side, bool HasUsage, long Input, long RawInput, long Uncached, long Output,
    long StartSeconds, string Model, string RequestModel)
{
    /// <summary>
    /// Reports of one call begin within this of each other (docs/dialects.md §10.6 step 5); a response fetched again, or served
    /// from a cache a day later, is another matter.
    /// </summary>
    private const long WindowSeconds = 24 * 3600;

    private const int Parts = 7;
    private const string Letters = "agv";

    /// <summary>One line; another trace reads it with <see cref="TryParse"/>.</summary>
    public override string ToString()
    {
        var side = Letters[(int)Side];
        if (HasUsage) side = char.ToUpperInvariant(side);
        return string.Create(CultureInfo.InvariantCulture, $"{side} {Input} {RawInput} {Uncached} {Output} {StartSeconds} "
            + $"{Model}{(RequestModel.Length > 0 ? "|" : "")}{RequestModel}");
    }

    public static bool TryParse(string text, out CallWord word)
    {
        word = default;
        var parts = text.Split(' ', Parts);
        if (parts.Length < Parts || parts[0].Length != 1) return false;
        var side = Letters.IndexOf(char.ToLowerInvariant(parts[0][0]), StringComparison.Ordinal);
        if (side < 0 || !Number(parts[1], out var input) || !Number(parts[2], out var raw) || !Number(parts[3], out var uncached)
            || !Number(parts[4], out var output) || !Number(parts[5], out var start)) return false;
        var bar = parts[6].IndexOf('|', StringComparison.Ordinal);
        var (model, asked) = bar < 0 ? (parts[6], "") : (parts[6][..bar], parts[6][(bar + 1)..]);
        var counts = char.IsAsciiLetterUpper(parts[0][0]);
        word = new CallWord((CallSide)side, counts, input, raw, uncached, output, start, model, asked);
        return true;

        static bool Number(string text, out long number) =>
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Whether both may speak of one call, whatever they count: the model fits and they began within a day.</summary>
    public bool Meets(in CallWord other) => Math.Abs(StartSeconds - other.StartSeconds) <= WindowSeconds && ModelsFit(other);

    /// <summary>Whether they count the same, or one of them does not count.</summary>
    public bool Agrees(in CallWord other)
    {
        if (!HasUsage || !other.HasUsage) return true;
        if (Output >= 0 && other.Output >= 0 && Output != other.Output) return false;
        // One may have left the cache out, which its dialect does not say.
        return RawInput < 0 || other.RawInput < 0 || Input == other.Input || RawInput == other.RawInput
            || RawInput == other.Uncached || other.RawInput == Uncached;
    }

    /// <summary>
    /// Whether the other report bills the call and not this one: it counts, it is nearer to who wanted it, it began first. The
    /// same for both sides, and never true of both.
    /// </summary>
    public bool YieldsTo(in CallWord other, string trace, string otherTrace)
    {
        if (HasUsage != other.HasUsage) return other.HasUsage;
        if (Side != other.Side) return other.Side < Side;
        if (StartSeconds != other.StartSeconds) return other.StartSeconds < StartSeconds;
        return string.CompareOrdinal(otherTrace, trace) < 0;
    }

    private bool ModelsFit(in CallWord other) => Model.Length == 0 || other.Model.Length == 0 || Model == other.Model
        || (RequestModel.Length > 0 && RequestModel == other.Model)
        || (other.RequestModel.Length > 0 && other.RequestModel == Model);
}
