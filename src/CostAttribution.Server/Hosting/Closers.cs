using CostAttribution.Journal;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// What is to be closed, last opened first. A fault of one, whatever it is, is told and keeps none of the others from closing.
/// </summary>
internal sealed class Closers
{
    private readonly Stack<Func<ValueTask>> closers = new();

    public void Push(Func<ValueTask> close) => closers.Push(close);

    public void Push(IDisposable? opened) => closers.Push(() =>
    {
        opened?.Dispose();
        return ValueTask.CompletedTask;
    });

    public async Task CloseAsync(TextWriter errors)
    {
        while (closers.TryPop(out var close))
        {
            try
            {
                await close().ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is OperationCanceledException or JournalException)
            {
                await errors.WriteLineAsync($"while stopping: {fault.Message}").ConfigureAwait(false);
            }
            catch (Exception fault)
            {
                await errors.WriteLineAsync($"while stopping, a fault of the program: {fault}").ConfigureAwait(false);
            }
        }
    }
}
