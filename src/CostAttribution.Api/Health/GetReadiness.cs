using CostAttribution.Api.Pipeline;
using CostAttribution.ClickHouse.Transport;
using MediatR;

namespace CostAttribution.Api.Health;

/// <summary>One slice: can this process take spans and answer questions right now.</summary>
public static class GetReadiness
{
    internal sealed record Query : IRequest<Answer>;

    /// <summary>Ready or not, and why.</summary>
    /// <param name="Status">ready, or not ready.</param>
    /// <param name="Checks">Every check by name, in a fixed order.</param>
    public sealed record Answer(string Status, IReadOnlyList<Check> Checks);

    /// <summary>One thing that has to be well.</summary>
    /// <param name="Name">store, journal, posting or recovery.</param>
    /// <param name="Ok">True when it is.</param>
    /// <param name="Detail">What is wrong and what to do; empty when nothing is.</param>
    public sealed record Check(string Name, bool Ok, string Detail);

    internal sealed class Handler(IClickHouseTransport transport, IPipelineStatus pipeline, ApiOptions options,
        TimeProvider clock)
        : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var store = await CheckStoreAsync(cancellationToken);
            var snapshot = pipeline.Read();
            Check[] checks =
            [
                store,
                CheckPart("journal", snapshot.Journal, snapshot.Journal.State is PartState.Healthy or PartState.Struggling),
                // While the store is away, spans are still taken into the journal: only a posting that has given up counts.
                CheckPart("posting", snapshot.Posting, snapshot.Posting.State is not PartState.Failed),
                CheckPart("recovery", snapshot.Recovery, snapshot.Recovery.State is PartState.Healthy),
            ];
            return new Answer(Array.TrueForAll(checks, check => check.Ok) ? "ready" : "not ready", checks);
        }

        private static Check CheckPart(string name, PartStatus part, bool ok) =>
            new(name, ok, ok ? "" : part.Detail.Length > 0 ? part.Detail
                : $"the {name} is {part.State.ToString().ToLowerInvariant()}");

        private async Task<Check> CheckStoreAsync(CancellationToken cancel)
        {
            using var deadline = new CancellationTokenSource(options.ReadyTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
            try
            {
                await transport.QueryAsync(new ClickHouseQuery("SELECT 1"), either.Token).WaitAsync(either.Token);
                return new Check("store", true, "");
            }
            catch (StoreUnavailableException failure)
            {
                return new Check("store", false, failure.Message);
            }
            catch (ClickHouseException failure)
            {
                return new Check("store", false,
                    $"the store refuses a simple question with code {failure.Code}; look at its log");
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                return new Check("store", false, $"the store did not answer within {options.ReadyTimeout.TotalSeconds:0.#} s");
            }
        }
    }
}
