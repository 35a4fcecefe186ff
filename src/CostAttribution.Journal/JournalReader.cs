using System.Diagnostics.CodeAnalysis;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// Reads durable records from disk in order of position, up to the last acknowledged one; call again when there are more.
/// Damaged stretches are set aside and counted, and reading goes on behind them; numbers of acknowledged records that cannot be
/// read back are reported as missing. For one caller at a time. Throws <see cref="JournalException"/> when the disk fails;
/// the same record is tried again by the next call, and nothing is passed over before the failure has lasted.
/// </summary>
public sealed class JournalReader : IDisposable
{
    private readonly StoreDirectory _directory;
    private readonly SegmentCatalog _catalog;
    private readonly Quarantine _quarantine;
    private readonly JournalTally _tally;
    private readonly ReadPatience _patience;
    private readonly UnreadableParts _unreadable;
    private SegmentScanner? _scanner;
    private ulong _scannedSegment;
    private ulong _next;

    internal JournalReader(StoreDirectory directory, SegmentCatalog catalog, Quarantine quarantine, JournalTally tally,
        ReadPatience patience, UnreadableParts unreadable, JournalPosition from)
    {
        _directory = directory;
        _catalog = catalog;
        _quarantine = quarantine;
        _tally = tally;
        _patience = patience;
        _unreadable = unreadable;
        _next = from.Sequence;
    }

    /// <summary>Every record below was read or reported missing.</summary>
    public JournalPosition Next => new(_next);

    /// <summary>
    /// The next record, which the caller disposes; false when all that is durable was read. A place that cannot be read is tried
    /// by every call for <see cref="JournalOptions.ReadPatience"/>, then passed.
    /// </summary>
    public bool TryRead([NotNullWhen(true)] out JournalRecord? record)
    {
        while (_catalog.Find(_next) is { } segment)
        {
            try
            {
                if (TryReadFrom(segment, out record))
                {
                    _patience.Succeeded();
                    return true;
                }
                _patience.Succeeded();
            }
            catch (Exception error) when (StoreErrors.IsDiskFailure(error))
            {
                CloseScanner();
                if (!TryPass(segment, error))
                    throw new JournalException($"cannot read the journal in {_directory.DisplayName}: {error.Message}", error);
            }
        }
        record = null;
        return false;
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

    /// <summary>Gives up what cannot be read of a segment once that has lasted; then reading goes on.</summary>
    private bool TryPass(Segment segment, Exception error)
    {
        var isGone = error is FileNotFoundException;
        if (!isGone && !StoreErrors.IsUnreadable(error)) return false;
        if (!_patience.IsOver(segment.FirstSequence)) return false;
        try
        {
            if (isGone)
            {
                Leave(segment);
                return true;
            }
            if (_unreadable.Find(_directory, segment.Name, CanReadAnother(segment)) is not { } found) return false;
            // Only a disk that takes a note durably is believed to work but for these sectors.
            foreach (var stretch in found) _quarantine.Note(segment.Name, stretch, error.Message);
            _unreadable.GiveUp(segment.Name, found);
            _tally.Unreadable(segment.Name, found, error.Message);
            return true;
        }
        catch (Exception second) when (StoreErrors.IsDiskFailure(second))
        {
            return false;
        }
        finally
        {
            // All of it again before the next step like this: it reads the whole segment.
            _patience.Succeeded();
        }
    }

    /// <summary>Whether another segment can be read: then a segment that cannot be read at all is bad by itself.</summary>
    private bool CanReadAnother(Segment segment)
    {
        var other = _catalog.Newest;
        if (other is null || other.FirstSequence == segment.FirstSequence) return false;
        try
        {
            Span<byte> header = stackalloc byte[SegmentHeader.Bytes];
            using var file = _directory.Open(other.Name);
            return file.Read(header, 0) > 0;
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            return false;
        }
    }

    private SegmentScanner Enter(Segment segment)
    {
        if (_next < segment.FirstSequence) _next = segment.FirstSequence;
        if (_scanner is not null && _scannedSegment == segment.FirstSequence) return _scanner;
        CloseScanner();
        _scanner = new SegmentScanner(_unreadable.Open(_directory, segment.Name), segment.FirstSequence);
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
