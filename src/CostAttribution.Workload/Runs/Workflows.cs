using CostAttribution.Workload.Dialects;
using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;

namespace CostAttribution.Workload.Runs;

/// <summary>The simulated product's workflows: what each does between its first span and its last.</summary>
internal sealed class Workflows(DialectBook dialects)
{
    private static readonly ScopeProfile StoreScope = new("opentelemetry.instrumentation.psycopg", "0.62b0");
    private static readonly ScopeProfile VectorScope = new("roastery.vector-index", "2.0.1");
    private static readonly string[] SupportTools = ["lookup_order", "check_stock", "open_refund"];
    private static readonly string[] ReviewTools = ["read_file", "search_code", "run_tests"];

    /// <summary>Runs a workflow under <paramref name="parent"/>; false when the run failed.</summary>
    public bool Act(RunBuilder run, SimulatedSpan parent) => run.Workflow.Kind switch
    {
        WorkflowKind.Support => Support(run, parent),
        WorkflowKind.Summary => Summary(run, parent),
        WorkflowKind.Review => Review(run, parent),
        WorkflowKind.Search => Search(run, parent),
        WorkflowKind.Nightly => Nightly(run, parent),
        WorkflowKind.Outreach => Outreach(run, parent),
        _ => Playground(run, parent),
    };

    private bool Support(RunBuilder run, SimulatedSpan parent)
    {
        // One half of the customers still uses the web chat, which is written in another language.
        var web = run.Customer.Id.Length % 2 == 0;
        var service = web ? ServiceProfile.WebChat : ServiceProfile.Support;
        var dialect = dialects.Get(web ? DialectSet.Vercel7 : DialectSet.Semconv);
        var model = run.Customer.Premium ? Models.Sonnet : Models.Gpt41Mini;
        Retrieve(run, parent, service, dialect, Models.EmbeddingSmall, rerank: run.Random.Chance(500));
        var agent = dialect.BeginAgent(run, parent, service, "ticket-solver", model);
        var talk = new Conversation(run, dialect, service, model, Prompt(run, 900, 2_600)) { Outage = run.Random.Chance(12) };
        var completed = Loop(run, dialect, agent, talk, run.Random.Between(1, 4), SupportTools, 180, 220);
        dialect.EndAgent(run, agent, completed);
        Store(run, parent, service, "UPDATE tickets");
        return completed;
    }

    private bool Summary(RunBuilder run, SimulatedSpan parent)
    {
        var service = ServiceProfile.Documents;
        var dialect = dialects.Get(DialectSet.OpenInference);
        var model = run.Customer.Premium ? Models.Haiku : Models.GeminiFlash;
        var agent = dialect.BeginAgent(run, parent, service, "summariser", model);
        var completed = true;
        for (var parts = run.Random.Between(2, 5); parts > 0 && completed; parts--)
        {
            var part = new Conversation(run, dialect, service, model, Prompt(run, 1_200, 3_500));
            completed = part.Ask(agent.Span, agent, 40, 260);
        }
        if (completed)
        {
            var whole = new Conversation(run, dialect, service, run.Customer.Premium ? Models.Sonnet : model, 900);
            completed = whole.Ask(agent.Span, agent, 700, 420);
        }
        dialect.EndAgent(run, agent, completed);
        return completed;
    }

    private bool Review(RunBuilder run, SimulatedSpan parent)
    {
        if (!run.Customer.Premium) return DotNetReview(run, parent);
        var service = run.Customer.Dedicated ? ServiceProfile.ReviewDedicated : ServiceProfile.Review;
        var dialect = dialects.Get(DialectSet.AnthropicSdk);
        var model = run.Customer.Dedicated && run.Random.Chance(350) ? Models.Opus : Models.Sonnet;
        var agent = dialect.BeginAgent(run, parent, service, "reviewer", model);
        var talk = new Conversation(run, dialect, service, model, Prompt(run, 2_500, 6_000));
        var completed = Loop(run, dialect, agent, talk, run.Random.Between(3, 7), ReviewTools, 900, 500);
        dialect.EndAgent(run, agent, completed);
        return completed;
    }

    private bool DotNetReview(RunBuilder run, SimulatedSpan parent)
    {
        var service = ServiceProfile.ReviewDotNet;
        var dialect = dialects.Get(DialectSet.ExtensionsAi);
        var model = run.Random.Chance(300) ? Models.Gpt5 : Models.Gpt5Mini;
        var agent = dialect.BeginAgent(run, parent, service, "reviewer", model);
        var talk = new Conversation(run, dialect, service, model, Prompt(run, 1_500, 4_000));
        var completed = Loop(run, dialect, agent, talk, run.Random.Between(2, 5), ReviewTools, 600, 400);
        dialect.EndAgent(run, agent, completed);
        return completed;
    }

    private bool Search(RunBuilder run, SimulatedSpan parent)
    {
        var service = ServiceProfile.Search;
        var dialect = dialects.Get(run.Customer.Plan is "starter" or "free" ? DialectSet.SemconvOld : DialectSet.Vercel6);
        var model = run.Customer.Premium ? Models.Haiku : Models.Gpt41Mini;
        Retrieve(run, parent, service, dialect, Models.EmbeddingSmall, rerank: dialect.Set == DialectSet.Vercel6);
        var agent = dialect.BeginAgent(run, parent, service, "answerer", model);
        var talk = new Conversation(run, dialect, service, model, Prompt(run, 700, 1_800)) { NoUsagePerMille = 30 };
        var completed = talk.Ask(agent.Span, agent, 60, 150);
        dialect.EndAgent(run, agent, completed);
        return completed;
    }

    private bool Nightly(RunBuilder run, SimulatedSpan parent)
    {
        var service = ServiceProfile.Enricher;
        var dialect = dialects.Get(DialectSet.Strands);
        var model = run.Customer.Premium ? Models.BedrockSonnet : Models.NovaPro;
        Store(run, parent, service, "SELECT products");
        var agent = dialect.BeginAgent(run, parent, service, "enricher", model);
        var talk = new Conversation(run, dialect, service, model, Prompt(run, 1_400, 2_800))
        {
            RejectedPerMille = 120,
            Outage = run.Random.Chance(90),
        };
        var completed = Loop(run, dialect, agent, talk, run.Random.Between(3, 6), ["fetch_page"], 350, 300);
        dialect.EndAgent(run, agent, completed);
        return completed;
    }

    private bool Outreach(RunBuilder run, SimulatedSpan parent)
    {
        var service = ServiceProfile.Outreach;
        var dialect = dialects.Get(DialectSet.LiteLlm);
        var agent = dialect.BeginAgent(run, parent, service, "draft", Models.Gpt41);
        var talk = new Conversation(run, dialect, service, Models.Gpt41, Prompt(run, 500, 1_200))
        {
            RejectedPerMille = 60,
            Outage = run.Random.Chance(40),
        };
        var completed = talk.Ask(agent.Span, agent, 120, 380)
            && (run.Random.Chance(500) || talk.Ask(agent.Span, agent, 80, 300));
        dialect.EndAgent(run, agent, completed);
        return completed;
    }

    private bool Playground(RunBuilder run, SimulatedSpan parent)
    {
        var service = ServiceProfile.Playground;
        var dialect = dialects.Get(DialectSet.Semconv);
        var model = run.Random.Chance(400) ? Models.InHouse : Models.Gpt5;
        var talk = new Conversation(run, dialect, service, model, Prompt(run, 300, 1_500)) { NoUsagePerMille = 80 };
        for (var turns = run.Random.Between(1, 3); turns > 0; turns--)
        {
            if (!talk.Ask(parent, null, 90, 350)) return false;
        }
        return true;
    }

    private static bool Loop(RunBuilder run, Dialect dialect, AgentSpan agent, Conversation talk, int turns,
        string[] tools, int newTokens, int answerTokens)
    {
        for (var turn = 1; turn <= turns; turn++)
        {
            var span = dialect.BeginTurn(run, agent);
            var answered = talk.Ask(span, agent, newTokens, answerTokens);
            if (answered && turn < turns) dialect.Tool(run, span, agent.Service, run.Random.Pick(tools));
            dialect.EndTurn(run, agent, span);
            if (!answered) return false;
        }
        return true;
    }

    /// <summary>Embeds the question, asks the vector index and, for some, lets a reranker order the hits.</summary>
    private static void Retrieve(RunBuilder run, SimulatedSpan parent, ServiceProfile service, Dialect dialect,
        ModelProfile embedding, bool rerank)
    {
        var usage = new CallUsage(run.Random.Between(8, 90));
        dialect.Call(run, parent, service,
            new ProviderCall(CallKind.Embedding, embedding, usage, CallOutcome.Answered, false, "embd-" + run.Random.Hex(12), 0));
        var query = run.Begin(parent, service, VectorScope, "query articles", SpanKind.Client)
            .Set("db.system.name", "qdrant")
            .Set("db.collection.name", "articles")
            .Set("db.operation.name", "query");
        run.Pass(4, 30);
        run.End(query);
        if (!rerank) return;
        var id = "rrk-" + run.Random.Hex(12);
        dialect.Call(run, parent, service,
            new ProviderCall(CallKind.Rerank, Models.Rerank, default, CallOutcome.NoUsage, false, id, 0));
    }

    private static void Store(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string statement)
    {
        var span = run.Begin(parent, service, StoreScope, statement, SpanKind.Client)
            .Set("db.system.name", "postgresql")
            .Set("db.query.summary", statement);
        run.Pass(2, 20);
        run.End(span);
    }

    private static int Prompt(RunBuilder run, int low, int high) =>
        run.Random.Between(low, high) * run.Customer.ContextScale / 10;
}
