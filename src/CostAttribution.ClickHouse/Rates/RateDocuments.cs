using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Rates;

/// <summary>
/// Published rate card files in the store: table <c>rate_documents</c>, append-only; a publication that turned out to
/// contradict another is withdrawn by further rows. Everything throws as <see cref="IClickHouseTransport.QueryAsync"/> does.
/// </summary>
public sealed class RateDocuments(IClickHouseTransport transport)
{
    /// <summary>Documents in force at most; more are refused when they are published.</summary>
    public const int CountMax = 10_000;

    /// <summary>Appends what was published together; durable when the task completes.</summary>
    public Task AppendAsync(IReadOnlyList<RateDocument> documents, CancellationToken cancel) =>
        WriteAsync(documents, isWithdrawal: false, cancel);

    /// <summary>Takes a publication back: nobody uses it any more.</summary>
    public Task WithdrawAsync(IReadOnlyList<RateDocument> documents, CancellationToken cancel) =>
        WriteAsync(documents, isWithdrawal: true, cancel);

    /// <summary>What stands, in the order in which it was published.</summary>
    public async Task<IReadOnlyList<RateDocument>> LoadAsync(CancellationToken cancel)
    {
        const string sql = "SELECT recorded_at, publication_id, node, name, content FROM " + RateDocumentBlock.TableName
            + " WHERE NOT withdrawn AND document_id NOT IN (SELECT document_id FROM " + RateDocumentBlock.TableName
            + " WHERE withdrawn) ORDER BY recorded_at, publication_id, name LIMIT 1 BY document_id";
        var documents = new List<RateDocument>();
        foreach (var block in await transport.ReadAsync(new ClickHouseQuery(sql), cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var recorded = block.Column<FixedWidthValues>("recorded_at");
            var publications = block.Column<StringValues>("publication_id");
            var nodes = block.Column<StringValues>("node");
            var names = block.Column<StringValues>("name");
            var contents = block.Column<StringValues>("content");
            for (var i = 0; i < block.Rows; i++)
            {
                documents.Add(new RateDocument(DateTimeOffset.FromUnixTimeMilliseconds(recorded.At<long>(i)), publications.At(i),
                    nodes.At(i), names.At(i), contents.At(i)));
            }
        }
        return documents;
    }

    /// <summary>Changes whenever something is published or withdrawn.</summary>
    public async Task<RateDocumentsState> StateAsync(CancellationToken cancel)
    {
        var blocks = await transport.ReadAsync(new ClickHouseQuery("SELECT toInt64(count()) AS documents, "
            + "toInt64(toUnixTimestamp64Milli(max(recorded_at))) AS newest FROM " + RateDocumentBlock.TableName), cancel)
            .ConfigureAwait(false);
        foreach (var block in blocks.Where(block => block.Rows > 0))
        {
            return new RateDocumentsState(block.Column<FixedWidthValues>("documents").At<long>(0),
                block.Column<FixedWidthValues>("newest").At<long>(0));
        }
        return default;
    }

    private async Task WriteAsync(IReadOnlyList<RateDocument> documents, bool isWithdrawal, CancellationToken cancel)
    {
        if (documents.Count == 0) return;
        using var block = new RateDocumentBlock();
        foreach (var document in documents) block.Append(document, isWithdrawal);
        var token = $"rates/{documents[0].PublicationId}{(isWithdrawal ? "/withdrawn" : "")}";
        await transport.InsertAsync(block.ToInsert(token), cancel).ConfigureAwait(false);
    }
}
