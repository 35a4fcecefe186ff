namespace CostAttribution.Domain.Costing;

/// <summary>Calls of one model that another one is to have answered: what would they have cost?</summary>
/// <param name="FromProvider">Empty for any.</param>
/// <param name="FromModel">The model of the row.</param>
/// <param name="ToProvider">Empty for the same.</param>
/// <param name="ToModel">Priced as response and as request model.</param>
public sealed record ModelMove(string FromProvider, string FromModel, string ToProvider, string ToModel);
