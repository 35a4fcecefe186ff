using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Ingest.Posting;

/// <summary>What is to be done next with a posting on its way.</summary>
internal enum DeliveryPhase : byte
{
    /// <summary>Keep its bytes on disk.</summary>
    Keep,

    /// <summary>Insert a table's rows.</summary>
    Insert,

    /// <summary>Ask the store which rows of a table it holds.</summary>
    Compare,

    /// <summary>Make the rollup equal to the ledger in its hours.</summary>
    RollUp,

    /// <summary>Its rows are in the store: say so on disk.</summary>
    Confirm,

    /// <summary>Keep its halves on disk, then let them stand for it.</summary>
    Divide,

    /// <summary>Set one trace's rows aside for an operator.</summary>
    Refuse,
}

/// <summary>A posting on its way to the store, and how far it is.</summary>
internal sealed class OutgoingPosting(EncodedPosting posting, DeliveryPhase phase)
{
    private PostingContent? content;

    public EncodedPosting Posting { get; } = posting;

    /// <summary>Read back row by row when that is first needed.</summary>
    public PostingContent Content => content ??= new PostingContent(Posting);

    public DeliveryPhase Phase { get; set; } = phase;

    /// <summary>Its bytes are on disk.</summary>
    public bool IsKept { get; init; }

    /// <summary>The table that is inserted or compared.</summary>
    public int Table { get; set; }

    /// <summary>
    /// What the store holds decides, not what was answered: an earlier process sent it, an answer was lost, or a refusal may have
    /// come after a part was applied.
    /// </summary>
    public bool IsInDoubt { get; set; }

    /// <summary>
    /// The rollup may lack what the ledger has: rows of it were in the store without an answer that tells that the view had them
    /// too.
    /// </summary>
    public bool RollsUp { get; set; }

    /// <summary>Times that other nodes were posting to its hours when the rollup was to be made equal.</summary>
    public int RollUpTries { get; set; }

    /// <summary>An insert whose answer was lost may still be running in the store.</summary>
    public bool MayStillRun { get; set; }

    /// <summary>Rows of <see cref="Table"/> that the store lacks; null for all, unasked.</summary>
    public int[]? Missing { get; set; }

    /// <summary>Inserts of the missing rows that succeeded and after which they were still missing.</summary>
    public int Vanished { get; set; }

    /// <summary>Times that the store has refused the content.</summary>
    public int Refusals { get; set; }

    /// <summary>Why the store refuses the content, once that is certain; null before.</summary>
    public ClickHouseException? Refusal { get; set; }

    /// <summary>The table that refuses it; meaningless before <see cref="Refusal"/>.</summary>
    public int RefusedTable { get; set; } = -1;

    /// <summary>Rows per table that are not in the store, filled while a refused posting is compared.</summary>
    public int[][] Remaining { get; set; } = [];

    /// <summary>Why it is set aside without being sent; null for one that is sent.</summary>
    public string? DependsOn { get; init; }

    /// <summary>Name of that reason in counters; meaningless without <see cref="DependsOn"/>.</summary>
    public string DependsOnName { get; init; } = "depends_on_refused";
}
