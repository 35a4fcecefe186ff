namespace CostAttribution.Domain.Pricing;

/// <summary>Names under which providers report that a call was served and billed at the ordinary rate.</summary>
public static class ServiceTiers
{
    /// <summary>
    /// True for the ordinary tier and for no tier. <c>auto</c> is a wish, not an outcome, and therefore also "not known".
    /// </summary>
    public static bool IsStandard(string tier) =>
        tier is "" or "default" or "standard" or "auto" or "on_demand" or "standard_only";
}
