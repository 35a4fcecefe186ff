using System.Globalization;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Journal;
using CostAttribution.Journal.Aside;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Assembly;

/// <summary>What was set aside of a trace.</summary>
/// <param name="Batches">Its spans.</param>
/// <param name="Edition">Changes when more is set aside.</param>
internal sealed record TakenBack(IReadOnlyList<SpanBatch> Batches, long Edition);

/// <summary>
/// Traces that the store holds in a form this program cannot read: nobody can say what is still to be posted of them, so nothing
/// is. What arrived of them is kept in one file per trace (a <see cref="SpanBatch"/>: what the journal had, no text of prompts),
/// so that they hold up nothing else. They are asked for again with every further span and by every audit; once they can be
/// read, what the file holds is posted with them and the file goes.
/// <code>
///   unreadable ─▶ TryKeep ─▶ file ◀─ TryKeep: more spans, one file
///   readable again ─▶ TakeBack ─▶ posted and confirmed ─▶ Drop
/// </code>
/// Changed by one thread, <see cref="List"/> from any.
/// </summary>
internal sealed class SetAsideTraces
{
    private const string Prefix = "trace-";
    private const string Suffix = ".spans";

    private readonly AsideFiles files;
    private readonly AttributeKeyTable keys;
    private readonly AssemblyMetrics assembly;
    private readonly PipelineMetrics metrics;
    private readonly ILogger logger;
    private readonly TroubleNote trouble;
    private readonly Lock gate = new();

    // At most as many as the files that fit into the quarantine.
    private readonly Dictionary<TraceId, Kept> kept = [];
    private long editions;

    /// <summary>Throws <see cref="JournalException"/> when the disk does not say what is set aside.</summary>
    public SetAsideTraces(AsideFiles files, AttributeKeyTable keys, TimeProvider clock, AssemblyMetrics assembly,
        PipelineMetrics metrics, ILogger logger)
    {
        this.files = files;
        this.keys = keys;
        this.assembly = assembly;
        this.metrics = metrics;
        this.logger = logger;
        trouble = new TroubleNote(clock);
        foreach (var name in files.List())
        {
            if (!TryReadName(name, out var trace)) continue;
            if (kept.TryGetValue(trace, out var known)) known.Names.Add(name);
            else kept[trace] = new Kept([name], ++editions);
        }
        metrics.TracesSetAside = kept.Count;
    }

    public bool Contains(TraceId trace)
    {
        lock (gate) return kept.ContainsKey(trace);
    }

    /// <summary>All of them, in order.</summary>
    public IReadOnlyList<TraceId> List()
    {
        lock (gate) return [.. kept.Keys.Order()];
    }

    /// <summary>
    /// Keeps what arrived of a trace, together with what was kept of it before. False when that cannot be done now: the
    /// journal must go on holding it.
    /// </summary>
    public bool TryKeep(TraceId trace, SpanBatch arrived, string why, SpanBatchBuilder builder)
    {
        try
        {
            Keep(trace, arrived, why, builder);
            trouble.Over();
            metrics.SetAsideTrouble = "";
            return true;
        }
        catch (JournalException fault)
        {
            metrics.SetAsideTrouble = $"a trace that cannot be read cannot be set aside, so the journal grows: {fault.Message}";
            if (trouble.IsNews(fault.Message)) PipelineLog.NotSetAside(logger, trace.ToString(), fault.Message);
            return false;
        }
    }

    /// <summary>
    /// Keeps spans that come back from elsewhere, to be taken back when the trace is next loaded. False when that cannot be done
    /// now; those that were kept until then do no harm.
    /// </summary>
    public bool TryBring(TraceId trace, IReadOnlyList<ReadOnlyMemory<byte>> encoded, SpanBatchBuilder builder)
    {
        foreach (var bytes in encoded)
        {
            using var batch = SpanBatch.Decode(bytes.Span, keys);
            if (!TryKeep(trace, batch, "spans of a refused posting that is posted again", builder)) return false;
        }
        return true;
    }

    /// <summary>
    /// What is kept of a trace that can be read again, null for nothing; the caller disposes it. Throws <see
    /// cref="InvalidDataException"/> when what is kept cannot be read itself, and <see cref="JournalException"/> when the disk
    /// fails.
    /// </summary>
    public TakenBack? TakeBack(TraceId trace)
    {
        if (Find(trace) is not { } known) return null;
        SpanBatch[] batches = [.. known.Names.Select(Read).OfType<SpanBatch>()];
        if (batches.Length > 0) return new TakenBack(batches, known.Edition);
        // An operator took it away.
        Forget(trace);
        return null;
    }

    /// <summary>
    /// What was taken back is in the store: its file goes. One that cannot be deleted now is found and dropped when the trace
    /// is next looked at.
    /// </summary>
    public void Drop(TraceId trace, long edition)
    {
        // More may have been set aside since.
        if (Find(trace) is not { } known || known.Edition != edition) return;
        try
        {
            foreach (var name in known.Names) files.Delete(name);
            Forget(trace);
            PipelineLog.TakenBack(logger, trace.ToString());
        }
        catch (JournalException fault)
        {
            if (trouble.IsNews(fault.Message)) PipelineLog.NotSetAside(logger, trace.ToString(), fault.Message);
        }
    }

    private void Keep(TraceId trace, SpanBatch arrived, string why, SpanBatchBuilder builder)
    {
        using var spans = new TraceSpans(trace);
        var sources = new SourceTable();
        var (name, isNew) = (NameOf(trace, 1), !Contains(trace));
        for (var number = 1; ; name = NameOf(trace, ++number))
        {
            try
            {
                using var before = Read(name);
                if (before is not null) spans.AddAll(before, sources);
                break;
            }
            catch (InvalidDataException)
            {
                // It stays as it is, beside a further one.
            }
        }
        spans.AddAll(arrived, sources);
        using var all = spans.Encode([.. Enumerable.Range(0, spans.Count)], builder);
        var description = string.Create(CultureInfo.InvariantCulture,
            $"what arrived of trace {trace}, of which nothing is posted for now\nreason: {why.ReplaceLineEndings(" ")}\n" +
            $"spans: {spans.Count}");
        files.Keep(name, description, all.Encoded.ToArray());
        lock (gate)
        {
            List<string> names = [.. kept.GetValueOrDefault(trace)?.Names ?? []];
            if (!names.Contains(name)) names.Add(name);
            kept[trace] = new Kept(names, ++editions);
            metrics.TracesSetAside = kept.Count;
        }
        if (!isNew) return;
        assembly.Count(AssemblyReason.TraceSetAside);
        PipelineLog.TraceSetAside(logger, trace.ToString(), spans.Count, name, why);
    }

    // Null when there is no such file.
    private SpanBatch? Read(string name)
    {
        try
        {
            return files.TryRead(name) is { } content ? SpanBatch.Decode(content, keys) : null;
        }
        catch (Exception fault) when (fault is JournalDamageException or JournalVersionException)
        {
            throw new InvalidDataException(fault.Message, fault);
        }
    }

    private Kept? Find(TraceId trace)
    {
        lock (gate) return kept.GetValueOrDefault(trace);
    }

    private void Forget(TraceId trace)
    {
        lock (gate)
        {
            kept.Remove(trace);
            metrics.TracesSetAside = kept.Count;
        }
    }

    private sealed record Kept(List<string> Names, long Edition);

    private static string NameOf(TraceId trace, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{trace}{(number == 1 ? "" : $"-{number}")}{Suffix}");

    private static bool TryReadName(string name, out TraceId trace)
    {
        trace = default;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && name.Length >= Prefix.Length + (2 * TraceId.Bytes) + Suffix.Length
            && TraceId.TryParse(name.Substring(Prefix.Length, 2 * TraceId.Bytes), out trace);
    }
}
