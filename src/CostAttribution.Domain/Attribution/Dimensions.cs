namespace CostAttribution.Domain.Attribution;

/// <summary>The built-in dimensions of attribution. Numbers index scratch tables only; names are the contract.</summary>
public enum Dimension : byte
{
    Customer = 0, Feature = 1, Product = 2, Team = 3, Environment = 4, Workflow = 5, Agent = 6, Session = 7, User = 8, Plan = 9,
        Audience = 10,
}

/// <summary>Names of dimensions in settings, in outside values and in queries.</summary>
public static class DimensionNames
{
    public const string Customer = "customer";
    public const string Feature = "feature";
    public const string Product = "product";
    public const string Team = "team";
    public const string Environment = "environment";
    public const string Workflow = "workflow";
    public const string Agent = "agent";
    public const string Session = "session";
    public const string User = "user";
    public const string Plan = "plan";
    public const string Audience = "audience";

    /// <summary>The built-in names in the order of <see cref="Dimension"/>.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } =
        [Customer, Feature, Product, Team, Environment, Workflow, Agent, Session, User, Plan, Audience];
}
