using System.Diagnostics.CodeAnalysis;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// Reads durable records from disk in order of position, up to the last acknowledged one; call again when there are more.
/// Damaged stretches are set aside and counted, and reading goes on behind them; numbers of acknowledged records that cannot be
/// read back are reported as missing. For one caller at a time. Throws <see cref="JournalException"/> when the disk fails;
/// the same record is tried again by the next call.
/// </summary>
public sealed class JournalReader : IDisposable
{
    private readonly StoreDirectory _directory;
    private readonly SegmentCatalog _catalog;
    private readonly Quarantine _quarantine;
    private readonly JournalTally _tally;
    private SegmentScanner? _scanner;
    private ulong _scannedSegment;
    private ulong _next;

    internal JournalReader(StoreDirectory directory, SegmentCatalog catalog, Quarantine quarantine, JournalTally tally,
        JournalPosition from)
    {
        _directory = directory;
        _catalog = catalog;
        _quarantine = quarantine;
        _tally = tally;
        _next = from.Sequence;
    }

    /// <summary>Every record below was read or reported missing.</summary>
    public JournalPosition Next => new(_next);

    /// <summary>The next record, which the caller disposes; false when all that is durable was read.</summary>
    public bool TryRead([NotNullWhen(true)] out JournalRecord? record)
    {
        try
        {
            while (_catalog.Find(_next) is { } segment)
            {
                if (TryReadFrom(segment, out record)) return true;
            }
            record = null;
            return false;
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            CloseScanner();
            throw new JournalException($"cannot read the journal in {_directory.DisplayName}: {error.Message}", error);
        }
    }

    public void Dispose() => CloseScanner();

    /// <summary>Leaves out what is below the position; it must not be behind what was read.</summary>
    internal void SkipTo(JournalPosition position) => _next = Math.Max(_next, position.Sequence);

    private bool TryReadFrom(Segment segment, [NotNullWhen(true)] out JournalRecord? record)
    {
        var scanner = Enter(segment);
        while (true)
        {
            switch (scanner.Next(segment.DurableBytes, out record))
            {
                case ScanStep.Record when record!.Position.Sequence > segment.LastSequence:
                    // Written, but its sync failed: never acknowledged, and a later segment says so.
                    record.Dispose();
                    Leave(segment);
                    return false;
                case ScanStep.Record when record!.Position.Sequence < _next:
                    record.Dispose();
                    break;
                case ScanStep.Record:
                    var sequence = record!.Position.Sequence;
                    if (sequence > _next) _tally.Missing(segment.Name, _next, sequence - 1);
                    _next = sequence + 1;
                    return true;
                case ScanStep.Damage:
                    SetAside(segment, scanner);
                    break;
                case ScanStep.Tail:
                    if (_next <= segment.LastSequence) SetAside(segment, scanner);
                    Leave(segment);
                    return false;
                default:
                    Leave(segment);
                    return false;
            }
        }
    }

    private SegmentScanner Enter(Segment segment)
    {
        if (_next < segment.FirstSequence) _next = segment.FirstSequence;
        if (_scanner is not null && _scannedSegment == segment.FirstSequence) return _scanner;
        CloseScanner();
        _scanner = new SegmentScanner(_directory.Open(segment.Name), segment.FirstSequence);
        _scannedSegment = segment.FirstSequence;
        return _scanner;
    }

    /// <summary>The segment holds nothing more up to its last acknowledged record; goes on behind that one.</summary>
    private void Leave(Segment segment)
    {
        if (_next > segment.LastSequence) return;
        _tally.Missing(segment.Name, _next, segment.LastSequence);
        _next = segment.LastSequence + 1;
    }

    private void SetAside(Segment segment, SegmentScanner scanner)
    {
        var file = _quarantine.SetAside(scanner.File, segment.Name, scanner.Bad);
        _tally.Damaged(segment.Name, scanner.Bad, file);
    }

    private void CloseScanner()
    {
        _scanner?.Dispose();
        _scanner = null;
    }
}
