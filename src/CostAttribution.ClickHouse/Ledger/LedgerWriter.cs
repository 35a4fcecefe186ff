using System.Buffers;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>
/// Encodes blocks as inserts over one reused buffer and sends them. The bytes of a posting are also what the posting stage
/// keeps on disk, so that a retry sends the same block under the same token.
/// </summary>
public sealed class LedgerWriter(IClickHouseTransport transport)
{
    private readonly ArrayBufferWriter<byte> buffer = new(1 << 20);

    /// <summary>
    /// The block as an insert whose bytes live in this writer's buffer until the next call. The token is unique per posting and
    /// table: <c>posting_id/table</c>.
    /// </summary>
    public ClickHouseInsert Encode(RowBlock block, string postingId)
    {
        buffer.ResetWrittenCount();
        block.WriteTo(buffer);
        return new ClickHouseInsert(block.Table, block.ColumnNames, buffer.WrittenMemory, TokenOf(postingId, block.Table));
    }

    /// <summary>Encodes and sends the block; does nothing for an empty one.</summary>
    public async Task WriteAsync(RowBlock block, string postingId, CancellationToken cancel)
    {
        if (block.Rows == 0) return;
        await transport.InsertAsync(Encode(block, postingId), cancel);
    }

    public static string TokenOf(string postingId, string table) => $"{postingId}/{table}";
}
