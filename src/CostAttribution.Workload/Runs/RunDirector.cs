using CostAttribution.Workload.Dialects;
using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;

namespace CostAttribution.Workload.Runs;

/// <summary>Casts a run: whose it is, which workflow, which spans at its head say so, and how it ends.</summary>
internal sealed class RunDirector(WorkloadOptions options, WorkloadRandom random, uint tracePrefix, GroundTruth truth)
{
    private static readonly ScopeProfile ServerScope = new("Microsoft.AspNetCore", "10.0.0");
    private static readonly ScopeProfile QueueScope = new("opentelemetry.instrumentation.aiokafka", "0.62b0");
    private static readonly ScopeProfile WorkflowScope = new("roastery.workflows", "5.1.0");

    private readonly Workflows _workflows = new(new DialectBook(options.Dialects));
    private readonly CustomerProfile[] _customers = CustomerProfile.All[..options.Customers];
    private readonly int[] _weights = new int[options.Customers];

    /// <summary>Told of every call beside the ground truth, for tests that look at the call's span.</summary>
    public Action<RunBuilder, SimulatedSpan, ProviderCall>? OnCall { get; init; }

    /// <param name="agePerMille">0 = now, 1000 = the beginning of the history, when growing customers were smaller.</param>
    public RunBuilder Next(int agePerMille)
    {
        for (var i = 0; i < _customers.Length; i++)
        {
            var shrink = _customers[i].GrowthPerMille * agePerMille / 1000;
            _weights[i] = Math.Max(1, _customers[i].Weight * (1000 - shrink));
        }
        var customer = _customers[random.PickWeighted(_weights)];
        var workflow = WorkflowProfile.All[random.PickWeighted(customer.Workflows)];
        var traceId = new UInt128((ulong)tracePrefix << 32 | (uint)random.Next(), random.NextId());
        var known = !random.Chance(customer.KeyMissingPerMille);
        var run = new RunBuilder(random, traceId, customer, workflow, known ? customer.Id : "", options.ContentBytesMax, Record);
        Play(run);
        truth.RecordRun(workflow.Name, !run.Failed);
        return run;
    }

    private void Record(RunBuilder run, SimulatedSpan span, ProviderCall call)
    {
        truth.Record(new TruthKey(run.LedgerCustomer, run.Workflow.Feature, run.Workflow.Name, call.LedgerModel), call);
        OnCall?.Invoke(run, span, call);
    }

    private void Play(RunBuilder run)
    {
        var queued = run.Workflow.Kind == WorkflowKind.Nightly;
        var root = queued ? BeginConsumer(run) : BeginServer(run);
        Identify(run, root);
        run.Pass(1, 8);
        var flow = run.Begin(root, root.Service, WorkflowScope, "invoke_workflow " + run.Workflow.Name, SpanKind.Internal)
            .Set("gen_ai.operation.name", "invoke_workflow")
            .Set("gen_ai.workflow.name", run.Workflow.Name);
        run.Pass(1, 8);
        run.Failed = !_workflows.Act(run, flow);
        run.End(flow, run.Failed ? StatusCode.Error : StatusCode.Unset, run.Failed ? "the model did not answer" : "");
        run.Pass(1, 8);
        if (!queued) root.Set("http.response.status_code", run.Failed ? 502 : 200);
        run.End(root, run.Failed ? StatusCode.Error : StatusCode.Unset, run.Failed ? "run failed" : "");
    }

    private static SimulatedSpan BeginServer(RunBuilder run)
    {
        var space = run.Workflow.Route.IndexOf(' ');
        return run.Begin(null, ServiceProfile.Gateway, ServerScope, run.Workflow.Route, SpanKind.Server)
            .Set("http.request.method", run.Workflow.Route[..space])
            .Set("http.route", run.Workflow.Route[(space + 1)..])
            .Set("url.scheme", "https");
    }

    private SimulatedSpan BeginConsumer(RunBuilder run) =>
        run.BeginLinked(ServiceProfile.Enricher, QueueScope, run.Workflow.Route, SpanKind.Consumer,
                (new UInt128((ulong)tracePrefix << 32 | (uint)random.Next(), random.NextId()), random.NextId()))
            .Set("messaging.system", "kafka")
            .Set("messaging.destination.name", "enrichment-jobs")
            .Set("messaging.operation.type", "process");

    /// <summary>Puts the business keys where this part of the company puts them, under its own names.</summary>
    private void Identify(RunBuilder run, SimulatedSpan root)
    {
        var feature = run.Workflow.Kind is WorkflowKind.Review or WorkflowKind.Nightly ? "feature.id" : "app.feature";
        root.Set(feature, run.Workflow.Feature);
        if (run.LedgerCustomer.Length == 0) return;
        root.Set("customer.tier", run.Customer.Plan).Set("session.id", run.SessionId).Set("user.id", run.UserId);
        switch (run.Workflow.Kind)
        {
            // The dedicated deployment's resource says whose it is.
            case WorkflowKind.Review when run.Customer.Dedicated:
                break;
            case WorkflowKind.Review:
                root.Set("tenant.id", run.Customer.Id);
                break;
            // The SDK's telemetry metadata carries the customer instead, where that SDK is in use.
            case WorkflowKind.Search when run.Customer.Plan is not ("starter" or "free")
                && options.Dialects.HasFlag(DialectSet.Vercel6):
                break;
            default:
                root.Set("customer.id", run.Customer.Id);
                break;
        }
    }
}
