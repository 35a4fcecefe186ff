using CostAttribution.Journal;
using CostAttribution.Simulation.Node;
using CostAttribution.Simulation.Running;
using CostAttribution.Testing.Time;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Simulation.World;

/// <summary>
/// The processes that send: batch what is due, shuffle it, wait for OK, and after a refusal, a timeout or a lost answer send the
/// same again, or its halves, or both. What a sender was told OK for is the truth that the ledger is held against.
/// </summary>
internal sealed class Senders(ManualClock clock, Dice dice, EventLog log)
{
    private const int SpansPerRequestMax = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly OtlpTraceWriter writer = new(4096);
    private readonly List<(WorldSpan Span, SpanCopy Copy)> outbox = [];
    private readonly List<Request> open = [];
    private readonly List<Request> done = [];
    private int requests;

    public List<WorldTrace> Traces { get; } = [];

    /// <summary>An answer gets lost in so many of a thousand cases: the sender does not know that it was told OK.</summary>
    public int LostAnswersPerMille { get; set; } = 50;

    /// <summary>A refused sender forgets its spans in so many of a thousand cases.</summary>
    public int GiveUpPerMille { get; set; } = 5;

    /// <summary>Requests sent so far, repeated ones included.</summary>
    public int Sent { get; private set; }

    /// <summary>Nothing is due, waited for or to be repeated.</summary>
    public bool IsIdle => open.Count == 0 && !outbox.Exists(item => item.Span.DueAt <= clock.GetUtcNow());

    /// <summary>When the next span falls due; null when all were sent.</summary>
    public DateTimeOffset? NextDue => outbox.Count == 0 ? null : outbox.Min(item => item.Span.DueAt);

    public void Add(WorldTrace trace)
    {
        Traces.Add(trace);
        foreach (var span in trace.Spans)
        {
            foreach (var copy in span.Copies) outbox.Add((span, copy));
        }
        if (log.IsOn)
        {
            log.Say($"world: trace {trace.Ordinal} {trace.Id} \"{trace.Story}\"");
            foreach (var span in trace.Spans)
                log.Say($"        span {span} {span.SpanId} under {span.Parent:x16} due {(span.DueAt - clock.GetUtcNow()).TotalSeconds:F1}s {span.Name}");
        }
    }

    /// <summary>Sends one request, new or repeated; false when there is none to send now.</summary>
    public bool Send(SimulatedNode node)
    {
        var now = clock.GetUtcNow();
        var ready = open.Where(request => request.Answer is null && request.NotBefore <= now).ToArray();
        var request = ready.Length > 0 && dice.Chance(600) ? dice.Pick(ready) : Gather(now) ?? ready.FirstOrDefault();
        if (request is null) return false;
        if (request.Tries > 0 && dice.Chance(250)) request = Split(request);
        Offer(request, node);
        return true;
    }

    /// <summary>Sends something again that was answered long ago, as a Collector does that lost its own books.</summary>
    public bool SendAgain(SimulatedNode node)
    {
        if (done.Count == 0) return false;
        var old = dice.Pick(done);
        var again = new Request(++requests, old.Body, old.Spans);
        open.Add(again);
        Offer(again, node);
        return true;
    }

    /// <summary>Hears what the server has said.</summary>
    public void Listen()
    {
        var now = clock.GetUtcNow();
        foreach (var request in open.ToArray())
        {
            if (request.Answer is not { } answer) continue;
            if (answer.IsCompletedSuccessfully) Note(request);
            if (answer.IsCompleted && dice.Chance(LostAnswersPerMille)) Repeat(request, "lost answer");
            else if (answer.IsCompletedSuccessfully) Acknowledged(request, now);
            else if (answer.IsFaulted && answer.Exception.InnerException is JournalException refusal) Refused(request, refusal.Message);
            else if (answer.IsFaulted) throw new SimulationFailure("the journal refused in an unknown way", answer.Exception.InnerException);
            else if (now - request.SentAt > Patience) Repeat(request, "timeout");
        }
    }

    /// <summary>The server is gone: whatever was under way is repeated.</summary>
    public void Disconnect()
    {
        foreach (var request in open)
        {
            if (request.Answer is { IsCompletedSuccessfully: true }) Note(request);
            if (request.Answer is not null) Repeat(request, "disconnected");
        }
    }

    /// <summary>A record of the journal has gone bad.</summary>
    public void Rot(ulong sequence)
    {
        foreach (var span in Traces.SelectMany(trace => trace.Spans).Where(span => span.Records.Contains(sequence))) span.Rotten = true;
    }

    private static void Note(Request request)
    {
        foreach (var (span, _) in request.Spans) span.Records.Add(request.Answer!.Result.Sequence);
    }

    private Request? Gather(DateTimeOffset now)
    {
        var due = outbox.Where(item => item.Span.DueAt <= now).ToList();
        if (due.Count == 0) return null;
        var first = dice.Pick(due);
        var exporter = first.Span.ExporterOf(first.Copy);
        var batch = due.Where(item => item.Span.ExporterOf(item.Copy) == exporter).ToList();
        dice.Shuffle(batch);
        batch = batch.GetRange(0, Math.Min(batch.Count, dice.Between(1, SpansPerRequestMax)));
        foreach (var item in batch) outbox.Remove(item);
        // Sometimes an exporter repeats a span within the batch.
        if (dice.Chance(30)) batch.Add(batch[0]);
        return Make(batch);
    }

    private Request Make(IReadOnlyList<(WorldSpan, SpanCopy)> spans)
    {
        var request = new Request(++requests, WorldSpan.ToRequest(writer, spans), spans);
        open.Add(request);
        return request;
    }

    // Half of it in another batch; now and then the whole goes out as well.
    private Request Split(Request request)
    {
        if (request.Spans.Count < 2) return request;
        var at = dice.Between(1, request.Spans.Count - 1);
        var first = Make([.. request.Spans.Take(at)]);
        Make([.. request.Spans.Skip(at)]);
        if (!dice.Chance(300)) open.Remove(request);
        return first;
    }

    private void Offer(Request request, SimulatedNode node)
    {
        request.Tries++;
        Sent++;
        request.SentAt = clock.GetUtcNow();
        request.Answer = node.Offer(request.Body, out var received);
        if (received != 0)
        {
            foreach (var (span, _) in request.Spans) span.ReceivedAt.Add(received);
        }
        if (log.IsOn)
        {
            var spans = string.Join(' ', request.Spans.Select(item => $"{item.Span}{(item.Copy == SpanCopy.Whole ? "" : $" ({item.Copy})")}"));
            log.Say($"sender: request {request.Ordinal} try {request.Tries}: {spans}{(received == 0 ? " (not taken)" : "")}");
        }
        if (request.Answer is null) Refused(request, "not serving");
    }

    private void Acknowledged(Request request, DateTimeOffset now)
    {
        if (log.IsOn) log.Say($"sender: request {request.Ordinal} was told OK");
        foreach (var (span, copy) in request.Spans)
        {
            span.Acknowledged.Add(copy);
            if (copy != SpanCopy.Draft) span.AcknowledgedAt ??= now;
        }
        open.Remove(request);
        if (done.Count < 200) done.Add(request);
    }

    private void Refused(Request request, string why)
    {
        if (!dice.Chance(GiveUpPerMille))
        {
            Repeat(request, why);
            return;
        }
        if (log.IsOn) log.Say($"sender: request {request.Ordinal} is given up: {why}");
        foreach (var (span, _) in request.Spans) span.GivenUp = true;
        open.Remove(request);
    }

    private void Repeat(Request request, string why)
    {
        if (log.IsOn) log.Say($"sender: request {request.Ordinal} will be repeated: {why}");
        request.Answer = null;
        request.NotBefore = clock.GetUtcNow() + dice.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));
    }
}
