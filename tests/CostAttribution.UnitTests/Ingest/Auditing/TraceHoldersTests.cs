using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.UnitTests.Ingest.Auditing;

public sealed class TraceHoldersTests
{
    [Theory]
    [InlineData("eu-0a1b2c-1a205f-1", "eu")]
    [InlineData("eu-1-0a1b2c-1a205f-1f", "eu-1")]
    [InlineData("eu.west-1-0a1b2c-1a205f-1.p3", "eu.west-1")]
    [InlineData("typed-by-hand", "")]
    [InlineData("", "")]
    public void A_posting_names_its_node_whatever_the_node_is_called(string postingId, string node) =>
        Assert.Equal(node, TraceHolders.NodeOf(postingId));
}
