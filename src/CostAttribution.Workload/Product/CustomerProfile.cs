namespace CostAttribution.Workload.Product;

/// <summary>A simulated customer.</summary>
/// <param name="Weight">Share of the traces, relative to the others.</param>
/// <param name="ContextScale">How long its prompts are, 10 = ordinary.</param>
/// <param name="Premium">Uses the large models.</param>
/// <param name="GrowthPerMille">How much busier the last day is than the first, in thousandths.</param>
/// <param name="KeyMissingPerMille">Runs in a thousand on which no span says whose they are.</param>
/// <param name="Workflows">Weights in the order of <see cref="WorkflowProfile.All"/>.</param>
internal sealed record CustomerProfile(string Id, string Plan, int Weight, int ContextScale, bool Premium, int GrowthPerMille,
    int KeyMissingPerMille, int[] Workflows)
{
    public const string Internal = "roastery-internal";

    /// <summary>Runs on its own deployment, whose resource names the customer.</summary>
    public bool Dedicated { get; init; }

    //                     support  summary  review  search  nightly  outreach  playground
    public static readonly CustomerProfile[] All =
    [
        new("meridian-bank", "enterprise", 22, 28, true, 600, 0,      [4, 4, 8, 1, 2, 0, 0]) { Dedicated = true },
        new("harbor-logistics", "enterprise", 14, 14, true, 100, 0,   [6, 3, 1, 4, 2, 1, 0]),
        new("lumen-health", "business", 11, 12, true, 300, 0,         [5, 5, 0, 3, 1, 0, 0]),
        new("brightside-retail", "business", 11, 9, false, 0, 0,      [8, 1, 0, 5, 1, 2, 0]),
        new("oakfield-schools", "business", 8, 8, false, -500, 0,     [4, 4, 0, 3, 0, 0, 0]),
        new("tidal-games", "team", 7, 10, false, 200, 0,              [5, 0, 3, 2, 0, 0, 0]),
        new("copperline-legal", "team", 6, 16, true, 100, 0,          [1, 7, 0, 2, 1, 0, 0]),
        new("fernway-travel", "starter", 6, 8, false, 0, 300,         [3, 1, 0, 5, 0, 2, 0]),
        new("quill-and-ink", "starter", 4, 7, false, 0, 0,            [2, 4, 0, 1, 0, 1, 0]),
        new("juniper-studio", "starter", 3, 6, false, 0, 0,           [2, 1, 1, 2, 0, 1, 0]),
        new("sable-coffee", "free", 2, 5, false, 900, 0,              [3, 0, 0, 2, 0, 0, 0]),
        new(Internal, "internal", 4, 9, true, 0, 0,                   [1, 0, 3, 0, 0, 0, 6]),
    ];
}
