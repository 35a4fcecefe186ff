namespace CostAttribution.Journal.Storage;

/// <summary>
/// The segments in order, and how far the last one is durable. Safe for concurrent use: the writer adds and advances, readers
/// look up, trimming removes from the front. A copy handed out is consistent in itself.
/// </summary>
internal sealed class SegmentCatalog
{
    private readonly Lock _gate = new();
    private readonly List<Segment> _segments = [];
    private long _bytes;
    private ulong _durableSequence;
    private ulong _recordedSequence;

    public long Bytes
    {
        get { lock (_gate) return _bytes; }
    }

    public int Count
    {
        get { lock (_gate) return _segments.Count; }
    }

    /// <summary>The segment made last, or null.</summary>
    public Segment? Newest
    {
        get { lock (_gate) return _segments.Count == 0 ? null : _segments[^1]; }
    }

    /// <summary>The last acknowledged record of all; 0 when there never was one.</summary>
    public ulong DurableSequence
    {
        get { lock (_gate) return _durableSequence; }
    }

    /// <summary>The last acknowledged record that a segment held; what the header of the next segment says.</summary>
    public ulong RecordedSequence
    {
        get { lock (_gate) return _recordedSequence; }
    }

    /// <summary>The first position that can still be read; the next one to come when there is nothing.</summary>
    public ulong OldestSequence
    {
        get { lock (_gate) return _segments.Count == 0 ? _durableSequence + 1 : _segments[0].FirstSequence; }
    }

    /// <summary>
    /// Bytes of the records from <paramref name="sequence"/> on; within the segment that holds it, in proportion to its records.
    /// </summary>
    public long BytesFrom(ulong sequence)
    {
        lock (_gate)
        {
            long bytes = 0;
            foreach (var segment in _segments)
            {
                if (segment.LastSequence < segment.FirstSequence || segment.LastSequence < sequence) continue;
                var records = segment.LastSequence - segment.FirstSequence + 1;
                var left = segment.LastSequence - Math.Max(sequence, segment.FirstSequence) + 1;
                bytes += (long)((UInt128)segment.FileBytes * left / records);
            }
            return bytes;
        }
    }

    /// <summary>Adds the newest segment.</summary>
    public void Add(Segment segment)
    {
        lock (_gate)
        {
            _segments.Add(segment);
            _bytes += segment.FileBytes;
            if (segment.LastSequence < segment.FirstSequence) return;
            _recordedSequence = segment.LastSequence;
            _durableSequence = Math.Max(_durableSequence, segment.LastSequence);
        }
    }

    /// <summary>Records up to here were acknowledged, also when no segment holds them any more.</summary>
    public void RaiseDurable(ulong sequence)
    {
        lock (_gate) _durableSequence = Math.Max(_durableSequence, sequence);
    }

    /// <summary>The active segment has grown and is synced.</summary>
    public void Advance(long durableBytes, ulong lastSequence)
    {
        lock (_gate)
        {
            var active = _segments[^1];
            _segments[^1] = active with { DurableBytes = durableBytes, FileBytes = durableBytes, LastSequence = lastSequence };
            _bytes += durableBytes - active.FileBytes;
            _durableSequence = lastSequence;
            _recordedSequence = lastSequence;
        }
    }

    /// <summary>The active segment grows no more.</summary>
    public void Close(long fileBytes, long closedUnixMs)
    {
        lock (_gate)
        {
            var active = _segments[^1];
            _segments[^1] = active with { FileBytes = fileBytes, ClosedUnixMs = closedUnixMs };
            _bytes += fileBytes - active.FileBytes;
        }
    }

    /// <summary>The newest segment's file is gone.</summary>
    public void RemoveNewest()
    {
        lock (_gate)
        {
            _bytes -= _segments[^1].FileBytes;
            _segments.RemoveAt(_segments.Count - 1);
        }
    }

    public void RemoveOldest()
    {
        lock (_gate)
        {
            _bytes -= _segments[0].FileBytes;
            _segments.RemoveAt(0);
        }
    }

    /// <summary>The first segment that has acknowledged records at or after the sequence, or null.</summary>
    public Segment? Find(ulong sequence)
    {
        lock (_gate)
        {
            int low = 0, high = _segments.Count;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_segments[middle].LastSequence < sequence) low = middle + 1;
                else high = middle;
            }
            while (low < _segments.Count && _segments[low].LastSequence < _segments[low].FirstSequence) low++;
            return low < _segments.Count ? _segments[low] : null;
        }
    }

    /// <summary>The present state of a segment, or null when it was trimmed.</summary>
    public Segment? Current(ulong firstSequence)
    {
        lock (_gate) return _segments.Find(segment => segment.FirstSequence == firstSequence);
    }

    /// <summary>
    /// The oldest segment if all of its records are below the mark and the window is exceeded: more than the given bytes are
    /// kept below the mark, or it was closed before the given time.
    /// </summary>
    public Segment? Trimmable(ulong mark, long windowBytesMax, long closedBeforeUnixMs)
    {
        lock (_gate)
        {
            if (_segments.Count < 2 || !IsBelow(0, mark)) return null;
            long kept = 0;
            for (var index = 0; index < _segments.Count && IsBelow(index, mark); index++) kept += _segments[index].FileBytes;
            var oldest = _segments[0];
            return kept > windowBytesMax || oldest.ClosedUnixMs <= closedBeforeUnixMs ? oldest : null;
        }
    }

    private bool IsBelow(int index, ulong mark) =>
        !_segments[index].IsActive && _segments[index].LastSequence < mark;
}
