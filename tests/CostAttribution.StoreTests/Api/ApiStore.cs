using System.Globalization;
using CostAttribution.Api;
using CostAttribution.Api.Costs;
using CostAttribution.Api.Flags;
using CostAttribution.Api.Pipeline;
using CostAttribution.Api.Rates;
using CostAttribution.Api.ReportedCosts;
using CostAttribution.Api.Requests;
using CostAttribution.Api.Runs;
using CostAttribution.Api.Spans;
using CostAttribution.Api.Unpriced;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.StoreTests.Engine;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace CostAttribution.StoreTests.Api;

/// <summary>The control plane without its HTTP shell, over a database of its own, and short forms to fill it.</summary>
internal sealed class ApiStore : IAsyncDisposable, IPipelineStatus, IOpenCosts
{
    public static readonly DateTimeOffset Now = new(2026, 3, 15, 10, 20, 30, TimeSpan.Zero);

    private readonly ServiceProvider services;
    private readonly IMediator mediator;

    private ApiStore(IClickHouseTransport transport)
    {
        Transport = transport;
        services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(transport)
            .AddSingleton<TimeProvider>(new FixedClock())
            .AddSingleton<IPipelineStatus>(this)
            .AddSingleton<IOpenCosts>(this)
            .AddSingleton(new RatesInForce(() => Rates, () => null))
            .AddCostAttributionApi(new ApiOptions())
            .BuildServiceProvider();
        mediator = services.GetRequiredService<IMediator>();
    }

    public IClickHouseTransport Transport { get; }

    /// <summary>The book in force.</summary>
    public RateBook Rates { get; set; } = RateBook.Empty;

    public static async Task<ApiStore> OpenAsync(EngineFixture engine, TransportKind kind = TransportKind.Embedded) =>
        new(await engine.NewStoreAsync(kind));

    public Task<GetCosts.Answer> CostsAsync(string query, CancellationToken? cancel = null) =>
        mediator.Send(new GetCosts.Query(RequestValues.FromQueryString("?" + query)), cancel
            ?? TestContext.Current.CancellationToken);

    public Task<ListRuns.Answer> RunsAsync(string query) =>
        mediator.Send(new ListRuns.Query(RequestValues.FromQueryString("?" + query)), TestContext.Current.CancellationToken);

    public Task<GetUnpriced.Answer> UnpricedAsync(string query) =>
        mediator.Send(new GetUnpriced.Query(RequestValues.FromQueryString("?" + query)), TestContext.Current.CancellationToken);

    public Task<GetReportedCosts.Answer> ReportedCostsAsync(string query) => mediator.Send(
        new GetReportedCosts.Query(RequestValues.FromQueryString("?" + query)), TestContext.Current.CancellationToken);

    public Task<GetFlags.Answer> FlagsAsync(string query) =>
        mediator.Send(new GetFlags.Query(RequestValues.FromQueryString("?" + query)), TestContext.Current.CancellationToken);

    public Task<GetRun.Answer?> RunAsync(string runId) =>
        mediator.Send(new GetRun.Query(runId, RequestValues.FromQueryString("")), TestContext.Current.CancellationToken);

    public Task<ExplainSpan.Answer?> ExplainAsync(string traceId, string spanId) =>
        mediator.Send(new ExplainSpan.Query(traceId, spanId, RequestValues.FromQueryString("")),
            TestContext.Current.CancellationToken);

    /// <summary>Inserts one ledger row; columns not named have their defaults.</summary>
    public Task InsertRowAsync(params (string Column, string Sql)[] columns) => Transport.RunAsync(
        $"INSERT INTO cost_ledger ({string.Join(", ", columns.Select(column => column.Column))}) VALUES "
            + $"({string.Join(", ", columns.Select(column => column.Sql))})");

    /// <summary>
    /// Fills the ledger with rows spread over ten days, many on the edges of hours: some reversed, some unpriced, some
    /// unattributed, all with distinct odd amounts.
    /// </summary>
    public Task FillAsync(int rows, int seed) => Transport.RunAsync(string.Create(CultureInfo.InvariantCulture, $$"""
        INSERT INTO cost_ledger (event_time, entry_kind, cost_kind, sign, entry_id, customer_id, feature_id, model,
            session_id, dimensions,
            input_tokens, output_tokens, other_units, calls, failed_calls, cost, list_cost, retry_cost, price_status)
        SELECT
            fromUnixTimestamp64Micro(toInt64(1767225600000000 + if(h % 5 = 0, intDiv(h % 864000000000,
                3600000000) * 3600000000 - (h % 3 = 0), h % 864000000000)), 'UTC') AS event_time,
            if(reversed, 'reversal', 'usage'), 'usage', if(reversed, -1, 1), unhex(leftPad(hex(toUInt64(number)), 32, '0')),
            ['', 'acme', 'zeta', 'o''hara'][(h2 % 4) + 1], ['', 'chat', 'search'][(h2 % 3) + 1], ['m1', 'm2'][(h % 2) + 1],
            concat('s', toString(h2 % 7)), map('tier', ['gold', ''][(h2 % 2) + 1]),
            s * toInt64(h % 1000), s * toInt64(h2 % 500), if(h % 4 = 0, map('images', s * toInt64(1 + h % 3)), map()), s, 0,
            s * toDecimal128(h % 1000000007, 12) / 1000000, s * toDecimal128(h2 % 1000000007, 12) / 1000000,
                s * toDecimal128(h % 13, 12) / 1000000,
            ['priced', 'unpriced_model', 'unpriced_unit', 'no_usage', 'free'][(h2 % 5) + 1]
        FROM
        (
            SELECT number, number % 10 = 9 AS reversed, if(reversed, -1, 1) AS s, if(reversed, number - 1, number) AS source,
                cityHash64(source, {{seed}}) AS h, cityHash64(source, {{seed}}, 'b') AS h2
            FROM numbers({{rows}})
        )
        """));

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await Transport.DisposeAsync();
    }

    OpenCostSnapshot IOpenCosts.Read() => new(Now, []);

    PipelineSnapshot IPipelineStatus.Read() =>
        throw new InvalidOperationException("no test here asks about the pipeline");

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
