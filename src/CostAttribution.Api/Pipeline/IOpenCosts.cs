using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Pipeline;

/// <summary>Cost known in memory and not posted yet. Must answer at once, from memory.</summary>
public interface IOpenCosts
{
    OpenCostSnapshot Read();
}

/// <summary>All open cost at one instant.</summary>
/// <param name="AsOf">When the figures were read.</param>
/// <param name="Figures">One per hour and combination of dimension values.</param>
public sealed record OpenCostSnapshot(DateTimeOffset AsOf, IReadOnlyList<OpenCostFigure> Figures)
{
    /// <summary>
    /// The open cost in the whole hours that touch the range and with all the values asked for; null when a figure does not
    /// carry a dimension that is asked for, because the sum would then be a guess.
    /// </summary>
    public Money? Sum(DateTimeOffset from, DateTimeOffset to, IReadOnlyDictionary<string, IReadOnlyList<string>> filters)
    {
        var sum = Money.Zero;
        foreach (var figure in Figures)
        {
            if (figure.Hour >= to || figure.Hour.AddHours(1) <= from) continue;
            var wanted = true;
            foreach (var (name, values) in filters)
            {
                if (!figure.Dimensions.TryGetValue(name, out var value)) return null;
                wanted &= values.Contains(value);
            }
            if (wanted) sum += figure.Cost;
        }
        return sum;
    }
}

/// <summary>The open cost of one hour and one combination of dimension values.</summary>
public sealed record OpenCostFigure
{
    /// <summary>Start of the UTC hour of the calls' event time.</summary>
    public required DateTimeOffset Hour { get; init; }

    /// <summary>
    /// Values by the names that <c>groupBy</c> takes (<c>customer</c>, <c>feature</c>, …); an empty value is unattributed so far.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Dimensions { get; init; }

    /// <summary>USD.</summary>
    public required Money Cost { get; init; }
    public required long Calls { get; init; }
}
