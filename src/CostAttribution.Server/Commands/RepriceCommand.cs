using System.CommandLine;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>reprice</c>: posts corrections for what stands at other prices than a rate book's. Opens the data directory itself; with
/// <c>--server</c> a running server does it.
/// </summary>
internal sealed class RepriceCommand : Command
{
    private readonly RepricingOptions options = new();
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "count only, post nothing" };

    private readonly Option<string?> resume = new("--resume")
    {
        Description = "go on with a re-pricing that was cut off", HelpName = "id",
    };

    private readonly GivenSettings given;

    public RepriceCommand(GivenSettings given) : base("reprice", "price what stands in the ledger by the rate book in force, "
        + "and post the differences as corrections; usage and owners stay; exit code 0: done; "
        + $"{RepricingOptions.Incomplete}: something is left; 1: it could not run")
    {
        this.given = given;
        options.AddTo(this);
        Options.Add(dryRun);
        Options.Add(resume);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private Task<int> RunAsync(ParseResult parsed)
    {
        var request = options.Read(parsed, parsed.GetValue(dryRun) ? RepricingKind.DryRun : RepricingKind.Apply);
        if (parsed.GetValue(options.Server) is { } url)
        {
            if (parsed.GetValue(resume) is not null)
                throw new StartupException("a server goes on by itself with what was cut off; --resume is for a stopped one");
            return PriceVerb.ThereAsync(url, (api, stop) => options.WaitAsync(parsed, api, AddressOf(request), null, stop));
        }
        return PriceVerb.HereAsync(given, "reprice", async (opened, stop) =>
        {
            if (parsed.GetValue(resume) is not { } id)
            {
                return await options.TellAsync(parsed, await opened.Repricer.RunAsync(request, stop).ConfigureAwait(false))
                    .ConfigureAwait(false);
            }
            var resumed = await opened.Repricer.ResumeAsync(id, stop).ConfigureAwait(false)
                ?? throw new StartupException($"there is no re-pricing '{id}' to go on with");
            return await options.TellAsync(parsed, new RepricingStart(resumed, [])).ConfigureAwait(false);
        });
    }

    private static string AddressOf(RepricingRequest request)
    {
        List<string> values = [$"dryRun={(request.Kind == RepricingKind.DryRun ? "true" : "false")}"];
        Add("from", request.From?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", Invariant));
        Add("to", request.To?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", Invariant));
        Add("provider", request.Provider);
        Add("model", request.Model);
        Add("customer", request.Customer);
        Add("book", request.RateBookVersion?.ToString(Invariant));
        return $"/api/v1/repricings?{string.Join('&', values)}";

        void Add(string name, string? value)
        {
            if (value is not null) values.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }

    private static System.Globalization.CultureInfo Invariant => System.Globalization.CultureInfo.InvariantCulture;
}
