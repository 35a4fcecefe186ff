namespace CostAttribution.Domain.Pricing;

/// <summary>Names under which providers report that a call was served and billed at the ordinary rate.</summary>
public static class ServiceTiers
{
    /// <summary>The mode in which a provider answers faster at a higher price.</summary>
    public const string Fast = "fast";

    /// <summary>
    /// The tier a call is priced in. A fast mode that a provider tells apart from its tiers is one where the tier itself is
    /// ordinary: on a card that says nothing of it the call has no price, rather than the ordinary one.
    /// </summary>
    public static string Of(string tier, string speed) =>
        IsStandard(tier) && speed.Equals(Fast, StringComparison.OrdinalIgnoreCase) ? Fast : tier;

    /// <summary>
    /// True for the ordinary tier and for no tier. <c>auto</c> is a wish, not an outcome, and therefore also "not known".
    /// </summary>
    public static bool IsStandard(string tier) =>
        tier is "" or "default" or "standard" or "auto" or "on_demand" or "standard_only";
}
