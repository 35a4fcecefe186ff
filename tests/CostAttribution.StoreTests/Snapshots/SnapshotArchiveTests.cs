using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Costing;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using CostAttribution.Testing.Time;

namespace CostAttribution.StoreTests.Snapshots;

public sealed class SnapshotArchiveTests(EngineFixture engine)
{
    private static readonly SnapshotKey Key = new(SnapshotKind.RateBook, 7);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_snapshot_is_kept_once_and_comes_back_byte_for_byte(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var archive = new SnapshotArchive(store);
        byte[] content = [0, 1, 2, 0xC3, 0x28, 0xFF, (byte)'\''];

        await archive.KeepAsync(Key, content, 1, Cancel);
        await archive.KeepAsync(Key, content, 2, Cancel);
        await archive.KeepAsync(new SnapshotKey(SnapshotKind.Attribution, 7), "other"u8.ToArray(), 3, Cancel);

        var found = await archive.LoadAsync([Key, new SnapshotKey(SnapshotKind.RateBook, 8)], Cancel);
        Assert.Equal(content, Assert.Single(found).Value);
        Assert.Equal("2", await store.AskAsync("SELECT count() FROM costing_snapshots"));
    }

    [Fact]
    public async Task Two_contents_never_share_a_version()
    {
        await using var store = await engine.NewStoreAsync();
        var archive = new SnapshotArchive(store);
        await archive.KeepAsync(Key, "one"u8.ToArray(), 1, Cancel);

        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => archive.KeepAsync(Key, "two"u8.ToArray(), 2, Cancel));

        Assert.Contains("another content", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_rules_that_settings_no_longer_name_are_still_decoded()
    {
        await using var store = await engine.NewStoreAsync();
        var options = new AttributionOptions { Dimensions = { ["customer"] = new DimensionOptions { Keys = ["app.account"] } } };
        var table = AttributionTableBuilder.Build(options, [])!;
        var archive = new SnapshotArchive(store);
        await new CostingSnapshots(TestRates.Book, table).KeepAsync(archive, new ManualClock(), Cancel);

        var keys = KeptKeys.With(new AttributionOptions(), await KeptKeys.LoadAsync(archive, Cancel));

        Assert.True(keys.TryGet("app.account", out _));
        var kept = await archive.LoadAsync([new(SnapshotKind.RateBook, TestRates.Book.Version)], Cancel);
        Assert.Equal(TestRates.Book.Version, RateBookText.Read(Assert.Single(kept).Value).Version);
    }
}
