using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.ClickHouse.Rates;

/// <summary>Published files as one block for <c>rate_documents</c>.</summary>
internal sealed class RateDocumentBlock : RowBlock
{
    public const string TableName = "rate_documents";

    private readonly FixedWidthColumn<long> recordedAt;
    private readonly StringColumn documentIds;
    private readonly StringColumn publicationIds;
    private readonly StringColumn nodes;
    private readonly StringColumn names;
    private readonly StringColumn contents;
    private readonly FixedWidthColumn<byte> withdrawn;

    public RateDocumentBlock() : base(TableName)
    {
        recordedAt = Add("recorded_at", Columns.DateTimeMillis());
        documentIds = Add("document_id", Columns.String());
        publicationIds = Add("publication_id", Columns.String());
        nodes = Add("node", Columns.String());
        names = Add("name", Columns.String());
        contents = Add("content", Columns.String());
        withdrawn = Add("withdrawn", Columns.Bool());
    }

    public void Append(RateDocument document, bool isWithdrawal)
    {
        recordedAt.Append(document.RecordedAt.ToUnixTimeMilliseconds());
        documentIds.Append(IdOf(document));
        publicationIds.Append(document.PublicationId);
        nodes.Append(document.Node);
        names.Append(document.Name);
        contents.Append(isWithdrawal ? "" : document.Content);
        withdrawn.Append(isWithdrawal ? (byte)1 : (byte)0);
    }

    private static string IdOf(RateDocument document) => XxHash128.HashToUInt128(
        Encoding.UTF8.GetBytes($"{document.PublicationId}\n{document.Name}\n{document.Content}"))
        .ToString("x32", CultureInfo.InvariantCulture);
}
