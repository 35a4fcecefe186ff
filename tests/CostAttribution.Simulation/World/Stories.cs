using CostAttribution.Simulation.Running;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Simulation.World;

/// <summary>Makes traces of every kind that assembly and costing treat differently.</summary>
internal sealed class Stories(Dice dice)
{
    private const long Millisecond = 1_000_000;
    private static readonly string[] Models = ["gpt-4.1", "gpt-4.1", "gpt-5", "model-without-card"];

    private static readonly Exporter[] Exporters = [new("web"), new("agents"), new("workers")];

    // Sessions and runs that several traces share; a few say two customers.
    private readonly List<(string Id, string Customer)> sessions = [];
    private readonly List<(string Id, string Customer)> runs = [];
    private readonly List<WorldSpan> linkable = [];
    private readonly List<WorldSpan> reported = [];
    private readonly List<(string Agent, string Session, long Input, long Output)> agents = [];
    private int made;
    private long clockNanos;
    private long agentsNanos;

    public WorldTrace Next(DateTimeOffset now)
    {
        clockNanos = (now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100 + SkewNanos();
        var story = dice.Between(0, 20);
        var trace = new WorldTrace(++made, ((UInt128)dice.Id() << 64) | dice.Id(), story switch
        {
            0 or 1 => "question", 2 or 3 => "agent", 4 => "resource", 5 => "linked", 6 => "session", 7 => "run", 8 => "retries",
            9 => "no root", 10 => "twice reported", 11 => "nested run", 12 => "own link", 13 => "entangled",
            14 or 15 => "reported", 16 or 17 => "pushed", 18 or 19 => "lifetime", _ => "no cost",
        });
        Act(trace);
        // What a vendor says of customers is for its own spans alone, and is left out here.
        foreach (var span in trace.Spans.Where(span => dice.Chance(30) && span.Exporter.Service != "openrouter"))
            span.Rival = RivalOf(trace, span);
        Plan(trace, now);
        return trace;
    }

    private void Act(WorldTrace trace)
    {
        switch (trace.Story)
        {
            case "question":
                var root = Root(trace, customer: dice.Chance(850) ? Customer() : "");
                for (var calls = dice.Between(1, 3); calls > 0; calls--) Call(trace, root);
                break;
            case "agent": Agent(trace); break;
            case "resource":
                var tenant = new Exporter("dedicated", Customer());
                Call(trace, Span(trace, null, "POST /ask", SpanKind.Server, tenant), tenant);
                break;
            case "linked": Linked(trace); break;
            case "session": Session(trace); break;
            case "run": Run(trace); break;
            case "retries": Retries(trace); break;
            case "no root":
                // The parent is never sent.
                var lost = dice.Id();
                Call(trace, null, parentId: lost);
                if (dice.Chance(500)) Call(trace, null, parentId: lost);
                break;
            case "twice reported": TwiceReported(trace); break;
            case "nested run": NestedRun(trace); break;
            case "own link": OwnLink(trace); break;
            case "entangled": Entangled(trace); break;
            case "reported":
                Report(trace, Root(trace, dice.Chance(900) ? Customer() : ""), null);
                break;
            case "lifetime": Lifetime(trace); break;
            case "pushed":
                // By a broker, or by a gateway that the application calls.
                Report(trace, null, dice.Chance(700) ? new Exporter("openrouter") : new Exporter("gateway"));
                break;
            default:
                Span(trace, Root(trace, Customer()), "execute_tool look_up", SpanKind.Internal, null, ("gen_ai.operation.name", "execute_tool"));
                break;
        }
        // A second root-less wave of work that nobody instruments.
        if (dice.Chance(300)) Span(trace, dice.Pick(trace.Spans), "SELECT orders", SpanKind.Client, null, ("db.system.name", "postgresql"));
    }

    private void Agent(WorldTrace trace)
    {
        var root = Root(trace, dice.Chance(900) ? Customer() : "");
        var agent = Span(trace, root, "invoke_agent helper", SpanKind.Internal, null, ("gen_ai.operation.name", "invoke_agent"),
            ("gen_ai.agent.name", "helper"));
        long input = 0, output = 0;
        for (var turns = dice.Between(1, 4); turns > 0; turns--)
        {
            var call = Call(trace, agent);
            input += Usage(call, "input_tokens");
            output += Usage(call, "output_tokens");
            if (dice.Chance(500))
                Span(trace, agent, "execute_tool look_up", SpanKind.Internal, null, ("gen_ai.operation.name", "execute_tool"),
                    ("gen_ai.tool.name", "look_up"));
        }
        if (!dice.Chance(600)) return;
        // The container repeats what its calls used, sometimes more than it can explain.
        agent.Attributes.Add(("gen_ai.usage.input_tokens", input + (dice.Chance(150) ? 7 : 0)));
        agent.Attributes.Add(("gen_ai.usage.output_tokens", output));
    }

    private void Linked(WorldTrace trace)
    {
        if (linkable.Count == 0 || dice.Chance(400))
        {
            var root = Root(trace, Customer());
            linkable.Add(Span(trace, root, "publish job", SpanKind.Producer, null));
            // The producer's trace is only stored when it costs something.
            if (dice.Chance(700)) Call(trace, root);
            return;
        }
        var cause = dice.Pick(linkable);
        // The parent that knows better often comes last.
        var above = dice.Chance(300) ? Root(trace, dice.Chance(500) ? Customer() : "") : null;
        var job = Span(trace, above, "process job", SpanKind.Consumer, null, link: (cause.Trace.Number, cause.Id));
        Call(trace, job);
    }

    private void Session(WorldTrace trace)
    {
        var (id, customer) = OneOf(sessions, "session-");
        var knows = dice.Chance(500);
        List<(string, object)> more = [];
        if (knows && dice.Chance(500)) more.AddRange([("plan", dice.Chance(500) ? "gold" : "silver"), ("team", "team-" + customer)]);
        if (dice.Chance(700))
        {
            Call(trace, Root(trace, knows ? customer : "", [("session.id", id), .. more]));
            return;
        }
        // Only the page says which session it is, and the root, which often comes last, whose.
        var root = Root(trace, dice.Chance(500) ? Customer() : "");
        Call(trace, Span(trace, root, "page", SpanKind.Internal, null, [("session.id", id), .. more]));
    }

    private void Run(WorldTrace trace)
    {
        var (id, customer) = OneOf(runs, "run-");
        var root = Root(trace, dice.Chance(500) ? customer : "", ("workflow.run.id", id));
        Call(trace, root);
        if (dice.Chance(300)) Call(trace, root);
    }

    // The trace belongs to the run that its root names; until that comes, to the other.
    private void NestedRun(WorldTrace trace)
    {
        var (inner, customer) = OneOf(runs, "run-");
        List<(string, object)> outer = dice.Chance(700) ? [("workflow.run.id", OneOf(runs, "run-").Id)] : [];
        var root = Root(trace, dice.Chance(200) ? customer : "", [.. outer]);
        List<(string, object)> own = dice.Chance(300) ? [("customer.id", customer)] : [];
        Call(trace, Span(trace, root, "sub-workflow", SpanKind.Internal, null, [("workflow.run.id", inner), .. own]));
    }

    // Published and processed in one trace.
    private void OwnLink(WorldTrace trace)
    {
        List<(string, object)> session = dice.Chance(500) ? [("session.id", OneOf(sessions, "session-").Id)] : [];
        var root = Root(trace, "", [.. session]);
        List<(string, object)> own = dice.Chance(500) ? [("customer.id", Customer())] : [];
        if (dice.Chance(300)) own.Add(("feature.id", "jobs"));
        var publish = Span(trace, root, "publish job", SpanKind.Producer, null, [.. own]);
        Call(trace, Span(trace, root, "process job", SpanKind.Consumer, null, link: (trace.Number, publish.Id)));
        linkable.Add(publish);
    }

    // Nobody says whose it is, and everybody might know.
    private void Entangled(WorldTrace trace)
    {
        List<(string, object)> more = [("session.id", OneOf(sessions, "session-").Id)];
        if (dice.Chance(600)) more.Add(("workflow.run.id", OneOf(runs, "run-").Id));
        var root = Root(trace, dice.Chance(150) ? Customer() : "", [.. more]);
        var cause = linkable.Count > 0 && dice.Chance(600) ? dice.Pick(linkable) : null;
        var job = Span(trace, root, "process job", SpanKind.Consumer, null, cause is null ? null : (cause.Trace.Number, cause.Id));
        Call(trace, job);
        if (dice.Chance(400)) linkable.Add(job);
    }

    private (string Id, string Customer) OneOf(List<(string Id, string Customer)> known, string prefix)
    {
        if (known.Count == 0 || dice.Chance(300)) known.Add((prefix + known.Count, Customer()));
        var (id, customer) = dice.Pick(known);
        return (id, dice.Chance(50) ? Customer() : customer);
    }

    // What another library, or the same one at another time, says of the same span.
    private Rival RivalOf(WorldTrace trace, WorldSpan span)
    {
        List<(string Key, object Value)> other = [.. span.Attributes];
        var change = dice.Between(0, 4);
        var (key, value) = change switch
        {
            0 => ("customer.id", Customer()),
            1 => ("session.id", OneOf(sessions, "session-").Id),
            2 => ("workflow.run.id", OneOf(runs, "run-").Id),
            3 => ("customer.id", ""),
            _ => ("", ""),
        };
        other.RemoveAll(attribute => attribute.Key == key);
        if (value.Length > 0) other.Add((key, value));
        return new Rival(change == 4 && span != trace.Spans[0] ? trace.Spans[0].Id : span.Parent, other);
    }

    private void Retries(WorldTrace trace)
    {
        var root = Root(trace, Customer());
        for (var failed = dice.Between(1, 2); failed > 0; failed--)
        {
            Span(trace, root, "chat gpt-4.1", SpanKind.Client, null, StatusCode.Error, isCall: true, null,
                ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4.1"),
                ("error.type", "429"));
        }
        Call(trace, root);
    }

    private void TwiceReported(WorldTrace trace)
    {
        var root = Root(trace, Customer());
        var outer = Call(trace, root, responseId: "resp-" + trace.Ordinal);
        var inner = Span(trace, outer, outer.Name, SpanKind.Client, null, StatusCode.Unset, isCall: true, null, [.. outer.Attributes]);
        if (dice.Chance(500)) inner.Attributes.Add(("gen_ai.usage.cache_read.input_tokens", 5L));
    }

    // One call that an application, a gateway and a broker may report, each in a trace of its own, in any order.
    private void Report(WorldTrace trace, WorldSpan? parent, Exporter? broker)
    {
        var known = reported.Count > 0 && dice.Chance(750) ? dice.Pick(reported) : null;
        var isGateway = broker is { Service: "gateway" };
        if (known is not null && dice.Chance(900)) clockNanos = known.StartNanos + dice.Between(-2_000L, 2_000) * Millisecond;
        var call = known is null ? Call(trace, parent, broker, responseId: "chatcmpl-" + UniqueId())
            : Span(trace, parent, known.Name, SpanKind.Client, broker, StatusCode.Unset, isCall: true, null, 0, [.. known.Attributes],
                isGateway ? "litellm_request" : null, plain: broker is not null);
        if (known is null && broker is not null)
        {
            trace.Spans.Remove(call);
            call = Span(trace, parent, call.Name, SpanKind.Client, broker, StatusCode.Unset, isCall: true, null, 0, [.. call.Attributes],
                isGateway ? "litellm_request" : null, plain: true);
        }
        // Some count otherwise, and some do not count.
        if (dice.Chance(100)) call.Attributes.RemoveAll(attribute => attribute.Key.StartsWith("gen_ai.usage", StringComparison.Ordinal));
        else if (dice.Chance(80) && call.Attributes.RemoveAll(attribute => attribute.Key == "gen_ai.usage.output_tokens") > 0)
            call.Attributes.Add(("gen_ai.usage.output_tokens", dice.Between(1L, 900)));
        reported.Add(call);
    }

    // An agent that reports what it has used since it was made, and now and then is made anew.
    private void Lifetime(WorldTrace trace)
    {
        if (agents.Count == 0 || dice.Chance(250)) agents.Add(($"agent-{agents.Count}", $"agents-session-{dice.Between(0, 3)}", 0, 0));
        var at = dice.Between(0, agents.Count - 1);
        var (agent, session, input, output) = dice.Chance(100) ? agents[at] with { Input = 0, Output = 0 } : agents[at];
        var root = Root(trace, dice.Chance(900) ? Customer() : "");
        for (var invocations = dice.Chance(200) ? 2 : 1; invocations > 0; invocations--)
        {
            // A clock that is right: the order of the reports is theirs.
            if (!dice.Chance(50)) clockNanos = Math.Max(clockNanos, agentsNanos);
            (input, output) = (input + dice.Between(10L, 5_000), output + dice.Between(1L, 900));
            var container = Span(trace, root, "invoke_agent " + agent, SpanKind.Internal, null, StatusCode.Unset, isCall: true, null, 0,
                [("gen_ai.operation.name", "invoke_agent"), ("gen_ai.system", "strands-agents"), ("gen_ai.agent.name", agent),
                    ("gen_ai.request.model", "gpt-4.1"), ("session.id", session), ("gen_ai.usage.input_tokens", input),
                    ("gen_ai.usage.output_tokens", output)], plain: true);
            agentsNanos = clockNanos = container.EndNanos + Millisecond;
            // Its calls are seldom seen.
            if (dice.Chance(150)) Call(trace, container);
        }
        agents[at] = (agent, session, input, output);
    }

    private string UniqueId() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{dice.Id():x16}{dice.Id():x16}");

    private WorldSpan Root(WorldTrace trace, string customer, params (string, object)[] more)
    {
        List<(string, object)> attributes = [("http.route", "/ask"), .. more];
        if (customer.Length > 0) attributes.Add(("customer.id", customer));
        if (dice.Chance(700)) attributes.Add(("feature.id", dice.Chance(500) ? "support" : "search"));
        return Span(trace, null, "POST /ask", SpanKind.Server, null, [.. attributes]);
    }

    private WorldSpan Call(WorldTrace trace, WorldSpan? parent, Exporter? exporter = null, ulong parentId = 0, string responseId = "")
    {
        var model = dice.Pick(Models);
        List<(string, object)> attributes = [("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", model), ("gen_ai.response.model", model)];
        if (responseId.Length > 0) attributes.Add(("gen_ai.response.id", responseId));
        // Now and then a stream that reported no usage.
        if (!dice.Chance(60))
        {
            attributes.Add(("gen_ai.usage.input_tokens", dice.Between(10L, 5_000)));
            attributes.Add(("gen_ai.usage.output_tokens", dice.Between(1L, 900)));
        }
        if (dice.Chance(40)) attributes.Add(("customer.id", Customer()));
        return Span(trace, parent, "chat " + model, SpanKind.Client, exporter, StatusCode.Unset, isCall: true, null,
            parentId, [.. attributes]);
    }

    private WorldSpan Span(WorldTrace trace, WorldSpan? parent, string name, SpanKind kind, Exporter? exporter,
        params (string, object)[] attributes) =>
        Span(trace, parent, name, kind, exporter, StatusCode.Unset, isCall: false, null, attributes);

    private WorldSpan Span(WorldTrace trace, WorldSpan? parent, string name, SpanKind kind, Exporter? exporter,
        (UInt128, ulong)? link) => Span(trace, parent, name, kind, exporter, StatusCode.Unset, isCall: false, link);

    private WorldSpan Span(WorldTrace trace, WorldSpan? parent, string name, SpanKind kind, Exporter? exporter, StatusCode status,
        bool isCall, (UInt128, ulong)? link, params (string, object)[] attributes) =>
        Span(trace, parent, name, kind, exporter, status, isCall, link, 0, attributes);

    private WorldSpan Span(WorldTrace trace, WorldSpan? parent, string name, SpanKind kind, Exporter? exporter, StatusCode status,
        bool isCall, (UInt128, ulong)? link, ulong parentId, (string, object)[] attributes, string? callName = null, bool plain = false)
    {
        clockNanos += dice.Between(1L, 40) * Millisecond;
        var span = new WorldSpan
        {
            Trace = trace, Id = dice.Id(), Parent = parent?.Id ?? parentId, Name = callName ?? name, Kind = kind, Status = status,
            Exporter = exporter ?? (dice.Chance(700) ? Exporters[0] : dice.Pick(Exporters)), Link = link, IsCall = isCall,
            StartNanos = clockNanos, EndNanos = clockNanos + dice.Between(1L, 3_000) * Millisecond,
            Attributes = [.. attributes], HasDraft = dice.Chance(40),
            Enriched = !plain && dice.Chance(40) ? new Exporter("collector", dice.Chance(500) ? "tenant-of-collector" : "") : null,
        };
        trace.Spans.Add(span);
        return span;
    }

    // Most clocks are right; some are minutes off, a few are nonsense.
    private long SkewNanos() => dice.Between(0, 99) switch
    {
        0 => -clockNanos + Millisecond,
        1 => 5_500_000_000_000_000_000,
        2 or 3 => dice.Between(1L, 9) * 60_000 * Millisecond,
        4 or 5 => -dice.Between(1L, 40) * 24 * 3_600_000 * Millisecond,
        _ => -dice.Between(0L, 5_000) * Millisecond,
    };

    private static long Usage(WorldSpan span, string kind)
    {
        var found = span.Attributes.Find(attribute => attribute.Key == "gen_ai.usage." + kind).Value;
        return found is long tokens ? tokens : 0;
    }

    private string Customer() => "customer-" + dice.Between(1, 4);

    /// <summary>When each span is sent first.</summary>
    private void Plan(WorldTrace trace, DateTimeOffset now)
    {
        var spans = trace.Spans;
        foreach (var span in spans) span.DueAt = now + dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(2));
        switch (dice.Between(0, 9))
        {
            case 0 or 1:
                foreach (var span in spans) span.DueAt = now + dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(90));
                break;
            case 2 or 3:
                // The root comes last, after a provisional posting or after the trace was taken as it is.
                spans[0].DueAt = now + dice.Between(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(8));
                break;
            case 4:
                dice.Pick(spans).DueAt = now + dice.Between(TimeSpan.FromMinutes(1), TimeSpan.FromHours(20));
                break;
            case 5:
                foreach (var span in spans.Where(_ => dice.Chance(300)))
                    span.DueAt = now + dice.Between(TimeSpan.FromSeconds(10), TimeSpan.FromHours(3));
                break;
        }
    }
}
