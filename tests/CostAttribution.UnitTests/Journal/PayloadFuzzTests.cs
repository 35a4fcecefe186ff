using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Journal;

/// <summary>
/// What stands in journal records and posting files, damaged: told as invalid data, and nothing else ever comes of it.
/// </summary>
public sealed class PayloadFuzzTests
{
    [Theory]
    [InlineData("dotnet-openai-anthropic")]
    [InlineData("vercel-ai6")]
    public void A_damaged_span_batch_is_invalid_data_or_can_be_read_to_its_end(string capture)
    {
        var keys = new AttributeKeyTable(["tenant", "plan.key"]);
        using var reader = new OtlpTraceReader(keys, OtlpLimits.Default);
        using var batch = reader.ReadProtobuf(Captures.Get(capture, "grpc").Body, 1).Batch!;
        var good = batch.Encoded.ToArray();
        var refused = 0;
        for (var seed = 1; seed <= 4000; seed++)
        {
            var bad = Damage(good, new Random(seed));
            try
            {
                using var decoded = SpanBatch.Decode(bad, new AttributeKeyTable(["other"]));
                PlainSpans.From(decoded, keys);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1000, 4000);
    }

    [Fact]
    public void A_damaged_posting_is_invalid_data_or_a_posting()
    {
        var good = new EncodedPosting
        {
            PostingId = "n-1",
            LedgerRows = 2,
            SpanFacts = 3,
            Tables =
            [
                new EncodedPosting.TableBlock("trace_facts", ["trace_id", "blob"], 1, new byte[200]),
                new EncodedPosting.TableBlock("cost_ledger", ["cost"], 2, new byte[60]),
            ],
        }.ToBytes();
        var refused = 0;
        for (var seed = 1; seed <= 20_000; seed++)
        {
            try
            {
                var read = EncodedPosting.FromBytes("n-1", Damage(good, new Random(seed)));
                Assert.True(read.Tables.Sum(table => table.Block.Length) <= good.Length + 700);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 5000, 20_000);
    }

    private static byte[] Damage(byte[] good, Random random)
    {
        var bytes = good.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 1; changes--)
        {
            // Half of it near the beginning, where the counts and lengths are.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(200, bytes.Count) : bytes.Count);
            var count = random.Next(1, Math.Min(200, bytes.Count - at) + 1);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] = random.Next(2) == 0 ? byte.MaxValue : (byte)0x80; break;
                case 2: bytes.RemoveRange(at, count); break;
                case 3: bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, count)); break;
                case 4: for (var index = at; index < at + count; index++) bytes[index] = 0; break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }
        return [.. bytes];
    }
}
