using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>Answers as blocks.</summary>
internal static class NativeAnswers
{
    /// <summary>
    /// Runs the query in the Native format. An answer that was cut off, or that something between us and the store gave, is a
    /// <see cref="StoreUnavailableException"/>.
    /// </summary>
    public static async Task<IReadOnlyList<NativeBlock>> ReadAsync(this IClickHouseTransport transport, ClickHouseQuery query,
        CancellationToken cancel)
    {
        var bytes = await transport.QueryAsync(query with { Format = "Native" }, cancel).ConfigureAwait(false);
        try
        {
            return NativeBlockReader.ReadAll(bytes);
        }
        catch (Exception fault) when (fault is InvalidDataException or OverflowException)
        {
            throw new StoreUnavailableException($"the store's answer cannot be read: {fault.Message}", fault);
        }
    }
}
