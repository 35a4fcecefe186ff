using CostAttribution.Server.Hosting;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>A server without its journal's writer, pipeline or node id stops, and a stop closes everything.</summary>
public sealed class ServerEndsTests
{
    private readonly TaskCompletionSource asked = new(), journal = new(), pipeline = new(), claim = new(), audit = new();

    private Task<string?> First => new ServerEnds
    {
        Journal = journal.Task, Pipeline = pipeline.Task, Claim = claim.Task, Audit = audit.Task,
    }.FirstAsync(asked.Task);

    [Fact]
    public async Task A_stop_that_was_asked_for_is_no_fault()
    {
        asked.SetResult();

        Assert.Null(await First);
    }

    [Fact]
    public async Task The_journals_writer_takes_the_server_with_it()
    {
        var first = First;
        journal.SetException(new InvalidOperationException("a fault"));

        Assert.Contains("journal's writer has ended on a fault of the program: a fault", await first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_writer_that_ends_without_being_asked_is_a_fault_too()
    {
        journal.SetResult();

        Assert.Contains("journal's writer has ended by itself", await First, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pipeline_and_the_claim_take_the_server_with_them()
    {
        var (byPipeline, byClaim) = (First, First);
        pipeline.SetException(new InvalidOperationException("odd"));
        Assert.Contains("the pipeline has ended on a fault of the program: odd", await byPipeline, StringComparison.Ordinal);

        claim.SetException(new InvalidOperationException("another process uses it"));

        Assert.Equal("another process uses it", await First);
        Assert.NotNull(await byClaim);
    }

    [Fact]
    public async Task The_schedule_of_audits_does_not_die_unseen()
    {
        var first = First;
        audit.SetException(new InvalidOperationException("odd"));

        Assert.Contains("the schedule of audits has ended on a fault of the program: odd", await first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_any_kind_while_closing_is_told_and_the_rest_closes()
    {
        var closed = new List<int>();
        var closers = new Closers();
        closers.Push(() => { closed.Add(1); return ValueTask.CompletedTask; });
        closers.Push(() => throw new InvalidOperationException("an odd fault"));
        closers.Push(() => ValueTask.FromException(new DivideByZeroException("a second one")));
        closers.Push(() => { closed.Add(2); return ValueTask.CompletedTask; });
        using var errors = new StringWriter();

        await closers.CloseAsync(errors);

        Assert.Equal([2, 1], closed);
        Assert.Contains("an odd fault", errors.ToString(), StringComparison.Ordinal);
        Assert.Contains("a second one", errors.ToString(), StringComparison.Ordinal);
    }
}
