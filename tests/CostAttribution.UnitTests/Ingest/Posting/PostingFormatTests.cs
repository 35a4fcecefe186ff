using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Posting;

public sealed class PostingFormatTests
{
    [Fact]
    public void A_kept_posting_reads_back_as_it_was_written()
    {
        var written = Sample();

        var read = EncodedPosting.FromBytes("n-1", written.ToBytes());

        Assert.Equal((written.LedgerRows, written.SpanFacts, written.Tables.Count),
            (read.LedgerRows, read.SpanFacts, read.Tables.Count));
        for (var i = 0; i < read.Tables.Count; i++)
        {
            Assert.Equal(written.Tables[i].Table, read.Tables[i].Table);
            Assert.Equal(written.Tables[i].Columns, read.Tables[i].Columns);
            Assert.Equal(written.Tables[i].Rows, read.Tables[i].Rows);
            Assert.Equal(written.Tables[i].Block.ToArray(), read.Tables[i].Block.ToArray());
        }
    }

    [Fact]
    public void A_posting_cut_anywhere_is_refused_and_never_half_read()
    {
        var bytes = Sample().ToBytes();

        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => EncodedPosting.FromBytes("n-1", bytes.AsMemory(0, length)));
    }

    [Fact]
    public void The_token_of_a_block_names_posting_and_table() =>
        Assert.Equal("n-1/cost_ledger", Sample().InsertOf(Sample().Tables[1]).DeduplicationToken);

    [Fact]
    public void A_context_reads_back_as_it_was_written()
    {
        var context = new TraceContext
        {
            Sessions = new Dictionary<string, OutsideValue[]> { ["s \"1\""] = [new("customer", "acme")] },
            Links = new Dictionary<(TraceId, SpanId), OutsideValue[]>
            {
                [(new TraceId(1, 2), new SpanId(3))] = [new("feature", "f"), new("customer", "ü")],
            },
            Run = [new("customer", "acme")],
            RunId = "r-1",
            Incomplete = true,
        };

        var read = TraceContextCodec.Decode(TraceContextCodec.Encode(context).Span, "posted");

        Assert.Equal(context.Sessions, read.Sessions);
        Assert.Equal(context.Links.Keys, read.Links.Keys);
        Assert.Equal(context.Links.Values.Single(), read.Links.Values.Single());
        Assert.Equal(context.Run, read.Run);
        Assert.Equal("r-1", read.RunId);
        Assert.True(read.Incomplete);
    }

    [Fact]
    public void A_context_of_an_earlier_program_was_heard_of_the_run_it_was_posted_under()
    {
        var read = TraceContextCodec.Decode("""
            {"incomplete":false,"ingestKey":"","sessions":{},"links":{},"run":{"customer":"acme"},"responsesOwnedElsewhere":[]}
            """u8, "r-1");

        Assert.Equal([new("customer", "acme")], read.Run);
        Assert.Equal("r-1", read.RunId);
        Assert.Equal("", TraceContextCodec.Decode("""{"run":{}}"""u8, "r-1").RunId);
    }

    [Fact]
    public void A_context_that_says_nothing_takes_no_room() => Assert.True(TraceContextCodec.Encode(TraceContext.Empty).IsEmpty);

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"run\":3}")]
    public void A_damaged_context_is_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => TraceContextCodec.Decode(System.Text.Encoding.UTF8.GetBytes(text), ""));

    private static EncodedPosting Sample() => new()
    {
        PostingId = "n-1",
        LedgerRows = 2,
        SpanFacts = 5,
        Tables =
        [
            new EncodedPosting.TableBlock("trace_facts", ["trace_id"], 1, new byte[] { 1, 2, 3 }),
            new EncodedPosting.TableBlock("cost_ledger", ["event_time", "cost"], 2, new byte[] { 4, 5 }),
        ],
    };
}
