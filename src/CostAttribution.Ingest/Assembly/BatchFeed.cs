using System.Diagnostics.CodeAnalysis;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Reads the journal's records as span batches. Each record is handed out, or its bytes are in the journal's quarantine before
/// the next one is read; one of a newer format ends the reading. For one caller at a time.
/// </summary>
internal sealed class BatchFeed(JournalFeed feed, DurableJournal journal, AttributeKeyTable keys, TimeProvider clock,
    PostingOptions options, PipelineMetrics metrics, ILogger logger) : IDisposable
{
    private readonly RetryPause pause = new(clock, options);
    private readonly TroubleNote trouble = new(clock);
    private (JournalRecord Record, string Fault)? unkept;

    /// <summary>Nothing can be read for the moment: the last attempt failed a short while ago.</summary>
    public bool IsPaused => !pause.IsOver;

    /// <summary>Every record below was handed out or set aside.</summary>
    public ulong Next => unkept?.Record.Position.Sequence ?? feed.Next.Sequence;

    /// <summary>Every record was handed out or set aside.</summary>
    public bool IsAtEnd => unkept is null && feed.Lag.Records == 0;

    public ValueTask<bool> WaitToReadAsync(CancellationToken cancel) => feed.WaitToReadAsync(cancel);

    /// <summary>
    /// The next batch, which the caller disposes; false when there is none at the moment. Throws
    /// <see cref="JournalVersionException"/> for a record that a newer version of the program wrote.
    /// </summary>
    public bool TryRead([NotNullWhen(true)] out SpanBatch? batch, out JournalPosition position)
    {
        batch = null;
        position = default;
        if (IsPaused) return false;
        try
        {
            SetAside();
            while (batch is null && feed.TryRead(out var record))
            {
                position = record.Position;
                batch = Decode(record);
                if (batch is null) SetAside();
            }
            pause.Succeeded();
            trouble.Over();
            return batch is not null;
        }
        catch (JournalException fault) when (fault is not JournalVersionException)
        {
            // The record stays where it is and is tried again after a pause.
            pause.Failed();
            if (trouble.IsNews(fault.Message)) PipelineLog.FeedFailed(logger, fault.Message);
            return false;
        }
    }

    public void Dispose() => unkept?.Record.Dispose();

    /// <summary>Null for bytes that are no batch; they are then to be set aside.</summary>
    private SpanBatch? Decode(JournalRecord record)
    {
        try
        {
            var version = record.Payload.Span[0];
            if (version > SpanBatch.FormatVersion)
                throw new JournalVersionException($"journal record {record.Position}", version, SpanBatch.FormatVersion);
            var batch = SpanBatch.Decode(record.Payload.Span, keys);
            record.Dispose();
            return batch;
        }
        catch (InvalidDataException fault)
        {
            // The checksum held: another program wrote it, or this one had a fault.
            metrics.RecordUnreadable();
            unkept = (record, fault.Message);
            return null;
        }
    }

    private void SetAside()
    {
        if (unkept is not var (record, fault)) return;
        var file = journal.SetAside(record);
        PipelineLog.RecordUnreadable(logger, record.Position.Sequence,
            file is null ? "not kept, the quarantine is full" : $"kept as quarantine/{file}", fault);
        unkept = null;
        record.Dispose();
    }
}
