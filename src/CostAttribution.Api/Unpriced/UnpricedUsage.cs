using CostAttribution.Api.Reading;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Api.Unpriced;

/// <summary>Usage of one unit on one day, alike in everything that selects a rate card; net of what was corrected.</summary>
internal sealed record UnpricedUsage
{
    private const long NanosPerMicro = 1000;

    public required string Provider { get; init; }
    public string Seller { get; init; } = "";
    public required string Model { get; init; }
    public string RequestModel { get; init; } = "";
    public string ServiceTier { get; init; } = "";
    public string Region { get; init; } = "";

    /// <summary>The card the rows name; empty when none matched.</summary>
    public string RateId { get; init; } = "";

    /// <summary>Whether a card matched and only units are missing on it.</summary>
    public bool HasCard { get; init; }

    /// <summary>The unit that the rows say is not on the card; empty under an unknown model and on overflow.</summary>
    public string UnpricedUnit { get; init; } = "";

    /// <summary>The cost was too large to be true and was rejected.</summary>
    public bool Overflowed { get; init; }

    public required string Unit { get; init; }
    public required long Quantity { get; init; }
    public required long Calls { get; init; }
    public required long FirstMicros { get; init; }
    public required long LastMicros { get; init; }

    public long FirstNanos => FirstMicros * NanosPerMicro;
    public long LastNanos => LastMicros * NanosPerMicro;

    /// <summary>What a rate book is asked about these calls.</summary>
    public PricingRequest RequestAt(long nanos) => new()
    {
        Provider = Provider, Seller = Seller, Model = Model, RequestModel = RequestModel, Region = Region,
        ServiceTier = ServiceTier, EventTimeNanos = nanos,
    };

    /// <summary>One of the unit.</summary>
    public UsageVector OneOfIt() => UsageVector.Of(Unit, 1);

    public static UnpricedUsage Read(StoreRow row) => new()
    {
        Provider = row.Text("provider"),
        Seller = row.Text("seller"),
        Model = row.Text("model"),
        RequestModel = row.Text("request_model"),
        ServiceTier = row.Text("service_tier"),
        Region = row.Text("region"),
        RateId = row.Text("rate_id"),
        HasCard = row.Text("status") == "unpriced_unit",
        UnpricedUnit = row.Text("unpriced_unit"),
        Overflowed = row.Flag("overflowed"),
        Unit = row.Text("unit"),
        Quantity = row.Count("quantity"),
        Calls = row.Count("row_calls_sum"),
        FirstMicros = row.Count("first_micros"),
        LastMicros = row.Count("last_micros"),
    };
}
