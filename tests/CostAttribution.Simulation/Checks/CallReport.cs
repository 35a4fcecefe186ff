using System.Globalization;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>One trace's report of a call that others may report too, as the world has it.</summary>
/// <param name="Trace">Who reports.</param>
/// <param name="Span">By which span.</param>
/// <param name="Id">The provider's id of the response.</param>
/// <param name="Rank">0 for the application, 1 for a gateway, 2 for who pushes from outside.</param>
/// <param name="Model">Which model answered.</param>
/// <param name="Second">When it began, since the Unix epoch.</param>
/// <param name="Input">Tokens; with <paramref name="Output"/> 0 when it does not count.</param>
/// <param name="Output">Tokens.</param>
internal sealed record CallReport(WorldTrace Trace, ulong Span, string Id, int Rank, string Model, long Second, long Input, long Output)
{
    /// <summary>More traces than this report no one call.</summary>
    public const int ReportersMax = 8;

    private bool Counts => Input + Output > 0;

    /// <summary>What the product is to have heard of it.</summary>
    public string Word => string.Create(CultureInfo.InvariantCulture,
        $"{(Counts ? "AGV" : "agv")[Rank]} {Input} {Input} {Input} {Output} {Second} {Model}");

    /// <summary>Whether this report leaves the bill to the other.</summary>
    public bool LeavesTo(CallReport other)
    {
        if (Rank == 0 || Id != other.Id || Trace == other.Trace || Model != other.Model) return false;
        if (Math.Abs(Second - other.Second) > 86_400) return false;
        if (Counts && other.Counts && (Input, Output) != (other.Input, other.Output)) return false;
        return (Counts ? 0 : 1, Rank, Second, Trace.Number).CompareTo((other.Counts ? 0 : 1, other.Rank, other.Second, other.Trace.Number)) > 0;
    }
}
