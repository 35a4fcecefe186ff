using System.Runtime.InteropServices;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// Entry points of libchdb 26.7 as its C header declares them. No logic here: <see cref="ChdbConnection"/> owns the handles.
/// </summary>
internal static partial class ChdbNative
{
    private const string Library = "libchdb";

    /// <summary>What a statement may change, as the engine's own parser sees it. Values are the header's.</summary>
    internal enum QueryClass : uint { ReadOnly = 0, Mutating = 1, MutatingGlobal = 2, Control = 3, Unknown = 4 }

    /// <summary>Filled by <see cref="ClassifyQuery"/>; the first field is set by the caller to the size of the struct.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct QueryAnalysis
    {
        internal uint StructBytes;
        internal uint StatementCount;
        internal uint Flags;
        internal QueryClass Class;
    }

    [LibraryImport(Library, EntryPoint = "chdb_version")]
    internal static unsafe partial byte* Version();

    /// <summary>Must be called before the first connection: the runtime handles its own signals.</summary>
    [LibraryImport(Library, EntryPoint = "chdb_set_signal_handlers_enabled")]
    internal static partial void SetSignalHandlersEnabled(int enabled);

    /// <summary>Returns a pointer to a connection handle, or null.</summary>
    [LibraryImport(Library, EntryPoint = "chdb_connect")]
    internal static unsafe partial nint* Connect(int argc, byte** argv);

    [LibraryImport(Library, EntryPoint = "chdb_close_conn")]
    internal static unsafe partial void CloseConnection(nint* connection);

    [LibraryImport(Library, EntryPoint = "chdb_query_with_params_n")]
    internal static unsafe partial nint QueryWithParameters(nint connection, byte* query, nuint queryBytes, byte* format,
        nuint formatBytes,
        byte** names, nuint* nameBytes, byte** values, nuint* valueBytes, nuint count);

    [LibraryImport(Library, EntryPoint = "chdb_destroy_query_result")]
    internal static partial void DestroyResult(nint result);

    /// <summary>Null for an empty result.</summary>
    [LibraryImport(Library, EntryPoint = "chdb_result_buffer")]
    internal static unsafe partial byte* ResultBuffer(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_length")]
    internal static partial nuint ResultLength(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_error")]
    internal static unsafe partial byte* ResultError(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_storage_rows_read")]
    internal static partial ulong ResultStorageRowsRead(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_storage_bytes_read")]
    internal static partial ulong ResultStorageBytesRead(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_rows_read")]
    internal static partial ulong ResultRows(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_elapsed")]
    internal static partial double ResultElapsedSeconds(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_stream_insert_n")]
    internal static unsafe partial nint StreamInsert(nint connection, byte* query, nuint queryBytes, byte* format,
        nuint formatBytes);

    [LibraryImport(Library, EntryPoint = "chdb_stream_insert_error")]
    internal static unsafe partial byte* StreamInsertError(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_stream_append")]
    internal static unsafe partial int StreamAppend(nint stream, byte* data, nuint bytes);

    [LibraryImport(Library, EntryPoint = "chdb_stream_done")]
    internal static partial nint StreamDone(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_destroy_insert_stream")]
    internal static partial void DestroyInsertStream(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_classify_query_n")]
    internal static unsafe partial int ClassifyQuery(nint connection, byte* sql, nuint sqlBytes, byte* database,
        nuint databaseBytes,
        QueryAnalysis* analysis);
}
