using BenchmarkDotNet.Attributes;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Benchmarks.Pricing;

/// <summary>
/// One usage vector against a book of 5,000 rates: 1,000 cards of five units, dated, with a batch tier; and the same with a
/// contract for each of 500 customers, one for 500 keys, and a window in a time zone with daylight saving.
/// </summary>
[MemoryDiagnoser]
public class PricerBenchmarks
{
    private const int Cards = 1_000;
    private readonly RateBook book = BuildBook([]);
    private readonly RateBook scopedBook = BuildBook(Contracts());
    private readonly string[] customers = [.. Enumerable.Range(0, 256).Select(i => $"customer-{i * 3}")];
    private PricingRequest[] requests = [];
    private UsageVector usage;
    private UsageVector longUsage;
    private CostBreakdown cost;
    private int next;

    [GlobalSetup]
    public void Setup()
    {
        usage = new UsageVector { InputTokens = 1_203, CacheReadTokens = 4_096, CacheWriteTokens = 512, OutputTokens = 377,
            ReasoningTokens = 128 };
        longUsage = usage with { InputTokens = 250_000, OtherUnits = [new(UsageUnits.WebSearches, 2)] };
        requests = [.. Enumerable.Range(0, 256).Select(i => new PricingRequest
        {
            Provider = "acme", Model = $"model-{i * 3}-2026-01-01", RequestModel = $"model-{i * 3}", Region = "",
                ServiceTier = "default",
            EventTimeNanos = 1_790_000_000_000_000_000,
        })];
        foreach (ref readonly var request in requests.AsSpan()) Pricer.Price(book, in request, in usage, ref cost);
    }

    [Benchmark(Baseline = true)]
    public Money SameModel()
    {
        Pricer.Price(book, in requests[0], in usage, ref cost);
        return cost.ListCost;
    }

    [Benchmark]
    public Money ManyModels()
    {
        next = (next + 1) & 255;
        Pricer.Price(book, in requests[next], in usage, ref cost);
        return cost.ListCost;
    }

    [Benchmark]
    public Money LongContextAndSearches()
    {
        Pricer.Price(book, in requests[0], in longUsage, ref cost);
        return cost.ListCost;
    }

    [Benchmark]
    public Money ScopedContracts()
    {
        next = (next + 1) & 255;
        var request = requests[0] with { Scope = scopedBook.ScopeOf("", "project", "key", customers[next]) };
        Pricer.Price(scopedBook, in request, in usage, ref cost);
        return cost.ListCost;
    }

    private static IEnumerable<RateCard> Contracts()
    {
        for (var i = 0; i < 500; i++) yield return Contract($"customer-{i}", new ContractScope { Customers = [$"customer-{i}"] });
        yield return Contract("keys", new ContractScope { Keys = [.. Enumerable.Range(0, 500).Select(i => $"key-{i}")] });
    }

    private static RateCard Contract(string id, ContractScope scope) => new()
    {
        Id = id, Providers = ["acme"], Layer = RateLayer.Contract, Match = [new ModelRule(ModelRuleKind.Any, "")], Scope = scope,
        ListFactor = new Rational(9, 10), TimeZone = "Europe/Berlin",
        Windows = [new DailyWindow(0, 360, new Rational(1, 2))],
    };

    private static RateBook BuildBook(IEnumerable<RateCard> contracts)
    {
        var cards = Enumerable.Range(0, Cards).Select(i => new RateCard
        {
            Id = $"acme/model-{i}",
            Providers = ["acme"],
            Match = [new ModelRule(ModelRuleKind.Dated, $"model-{i}")],
            FromNanos = 1_700_000_000_000_000_000,
            Rates =
            [
                Rate(UsageUnits.InputTokens, 3), Rate(UsageUnits.CacheReadTokens, 1), Rate(UsageUnits.CacheWriteTokens, 4),
                Rate(UsageUnits.OutputTokens, 15), new(UsageUnits.WebSearches, new Rational(10, 1), 1_000),
            ],
            Thresholds = [new(200_000, ThresholdMode.Whole, [Rate(UsageUnits.InputTokens, 6), Rate(UsageUnits.OutputTokens,
                22)])],
            Tiers = [new("batch", new Rational(1, 2), [], [])],
        });
        var faults = new List<RateCardFault>();
        return RateBookBuilder.TryBuild(cards.Concat(contracts), [], faults, out var book) ? book
            : throw new InvalidOperationException(string.Join('\n', faults));
    }

    private static UnitPrice Rate(string unit, int usdPerMillion) => new(unit, new Rational(usdPerMillion, 1), 1_000_000);
}
