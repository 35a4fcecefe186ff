using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload;

/// <summary>
/// A multi-tenant AI product acting out its day: spans end, wait in their process's exporter and leave in batches, so that
/// children precede their parents, traces interleave, one trace arrives from several processes, some roots come late and some
/// batches twice. The sequence depends on the options alone.
/// </summary>
public sealed class WorkloadGenerator
{
    private const long NanosPerTick = 100;
    private readonly WorkloadOptions _options;
    private readonly WorkloadRandom _random;
    private readonly RunDirector _director;
    private readonly long _startUnixNanos;
    private readonly PriorityQueue<PendingSpan, (long DueNanos, long Sequence)> _pending = new();
    private readonly SortedDictionary<string, ServiceExporter> _exporters = new(StringComparer.Ordinal);
    private readonly OtlpTraceWriter _writer = new();
    private long _sequence;
    private long _spansBegun;
    private bool _used;

    public WorkloadGenerator(WorkloadOptions options) : this(options, null)
    {
    }

    internal WorkloadGenerator(WorkloadOptions options, Action<RunBuilder, SimulatedSpan, ProviderCall>? onCall)
    {
        options.Validate();
        _options = options;
        _startUnixNanos = (options.Start.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * NanosPerTick;
        // Two demos must not reuse each other's trace ids, and one must reproduce its own: the start is part of the seed.
        _random = new WorkloadRandom(options.Seed ^ ((ulong)_startUnixNanos * 0x2545F4914F6CDD1DUL));
        var prefix = (uint)(_random.Next() >> 32) | 0x1000_0000u;
        TracePrefix = prefix.ToString("x8");
        _director = new RunDirector(options, _random, prefix, Truth) { OnCall = onCall };
    }

    /// <summary>The first eight hex digits of every trace id of this workload, and of nothing else in practice.</summary>
    public string TracePrefix { get; }

    /// <summary>What really happened; complete at the end of the sequence.</summary>
    public GroundTruth Truth { get; } = new();

    /// <summary>The requests in the order in which they are due. A generator can be read once.</summary>
    public IEnumerable<ExportRequest> Requests()
    {
        if (_used) throw new InvalidOperationException("a generator can be read once; make another with the same options");
        _used = true;
        return Generate();
    }

    private IEnumerable<ExportRequest> Generate()
    {
        var intervalNanos = _options.ExportInterval.Ticks * NanosPerTick;
        var duplicates = new PriorityQueue<ExportRequest, long>();
        for (var windowEnd = intervalNanos; ; windowEnd += intervalNanos)
        {
            BeginTracesUntil(windowEnd);
            Collect(windowEnd);
            while (duplicates.TryPeek(out var again, out var due) && due <= windowEnd)
            {
                duplicates.Dequeue();
                Truth.RecordSent(again.Spans, duplicate: true);
                yield return again with { DueAfter = After(windowEnd) };
            }
            foreach (var exporter in _exporters.Values)
            {
                while (exporter.TryTake(_options.BatchSpansMax, _writer, out var spans))
                {
                    var request = new ExportRequest(_writer.ToArray(), spans, After(windowEnd), IsDuplicate: false);
                    Truth.RecordSent(spans, duplicate: false);
                    yield return request;
                    if (!_random.Chance(_options.DuplicatePerMille)) continue;
                    duplicates.Enqueue(request with { IsDuplicate = true },
                        windowEnd + _random.Between(1, 4) * intervalNanos);
                }
            }
            if (_spansBegun >= _options.Spans && _pending.Count == 0 && duplicates.Count == 0) yield break;
        }
    }

    private void BeginTracesUntil(long windowEndNanos)
    {
        var wanted = Math.Min(_options.Spans, windowEndNanos / 1_000_000 * _options.Rate / 1_000);
        while (_spansBegun < Math.Max(1, wanted))
        {
            var live = _random.Chance(_options.LivePerMille);
            var age = live ? 0 : PastTicks();
            var run = _director.Next(_options.History.Ticks == 0 ? 0 : (int)(age * 1000 / _options.History.Ticks));
            var begun = Math.Max(0, windowEndNanos - _options.ExportInterval.Ticks * NanosPerTick);
            Schedule(run, begun, _startUnixNanos + begun - age * NanosPerTick);
            _spansBegun += run.Spans.Count;
        }
    }

    /// <summary>How long ago a past run was; nights and weekends are quiet.</summary>
    private long PastTicks()
    {
        while (true)
        {
            var age = _random.Between(1L, Math.Max(1L, _options.History.Ticks));
            var at = _options.Start.UtcDateTime.AddTicks(-age);
            var busy = at.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? 350 : 1000;
            if (at.Hour is < 6 or > 20) busy /= 4;
            if (_random.Chance(busy)) return age;
        }
    }

    private void Schedule(RunBuilder run, long begunNanos, long originUnixNanos)
    {
        var late = _random.Chance(_options.LateRootPerMille)
            ? _random.Between(0L, Math.Max(0L, _options.LateRootMax.Ticks * NanosPerTick))
            : 0;
        // A span leaves when it has ended; of those that end together the inner one ends first.
        for (var i = run.Spans.Count - 1; i >= 0; i--)
        {
            var span = run.Spans[i];
            var due = begunNanos + span.EndNanos + (span.ParentSpanId == 0 ? late : 0);
            _pending.Enqueue(new PendingSpan(run.TraceId, span, originUnixNanos), (due, _sequence++));
        }
    }

    private void Collect(long untilNanos)
    {
        while (_pending.TryPeek(out var span, out var priority) && priority.DueNanos <= untilNanos)
        {
            _pending.Dequeue();
            var service = span.Span.Service;
            if (!_exporters.TryGetValue(service.Name, out var exporter))
            {
                _exporters[service.Name] = exporter = new ServiceExporter(service);
            }
            exporter.Add(span);
        }
    }

    private static TimeSpan After(long nanos) => TimeSpan.FromTicks(nanos / NanosPerTick);
}

/// <summary>A span that has ended and waits for its process to export it.</summary>
internal readonly record struct PendingSpan(UInt128 TraceId, SimulatedSpan Span, long OriginUnixNanos);
