using System.Runtime.InteropServices;
using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>What a finished statement read and returned.</summary>
internal readonly record struct ChdbResult(byte[] Bytes, ulong Rows, ulong RowsRead, ulong BytesRead, double ElapsedSeconds);

/// <summary>
/// Owner of one engine session: its handle, its settings, its current database. Runs one statement at a time and blocks the
/// calling thread, so it belongs to one dedicated thread. Native failures leave here as <see cref="ClickHouseException"/>.
/// </summary>
internal sealed unsafe class ChdbConnection : IDisposable
{
    private nint* connection;

    private ChdbConnection(nint* connection) => this.connection = connection;

    /// <summary>Opens a session; the first one of the process starts the engine.</summary>
    /// <param name="arguments">Engine arguments such as <c>--path=…</c> and <c>--max_threads=2</c>, without the program
    /// name.</param>
    public static ChdbConnection Open(IReadOnlyList<string> arguments)
    {
        var argv = (byte**)NativeMemory.AllocZeroed((nuint)arguments.Count + 2, (nuint)sizeof(byte*));
        try
        {
            argv[0] = (byte*)Marshal.StringToCoTaskMemUTF8("clickhouse");
            for (var i = 0; i < arguments.Count; i++) argv[i + 1] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
            var connection = ChdbNative.Connect(arguments.Count + 1, argv);
            if (connection == null)
            {
                throw new StoreUnavailableException(
                    "the embedded engine did not start: its message is on standard error; check free disk space and the " +
                        "data directory's permissions");
            }
            return new ChdbConnection(connection);
        }
        finally
        {
            for (var i = 0; i <= arguments.Count; i++) Marshal.FreeCoTaskMem((nint)argv[i]);
            NativeMemory.Free(argv);
        }
    }

    private nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(connection == null, this);
            return *connection;
        }
    }

    /// <summary>
    /// Runs one statement with server-side parameters (plain text values; escaped here) and returns its formatted result.
    /// </summary>
    public ChdbResult Query(string sql, string format, IReadOnlyDictionary<string, string>? parameters = null)
    {
        var sqlBytes = Encoding.UTF8.GetBytes(sql);
        var formatBytes = Encoding.UTF8.GetBytes(format);
        var count = parameters?.Count ?? 0;
        var strings = stackalloc byte*[2 * count];
        var lengths = stackalloc nuint[2 * count];
        try
        {
            var i = 0;
            foreach (var (name, value) in parameters ?? (IReadOnlyDictionary<string, string>)EmptyParameters)
            {
                strings[i] = AllocateUtf8(name, out lengths[i]);
                strings[count + i] = AllocateUtf8(ParameterText.Escape(value), out lengths[count + i]);
                i++;
            }
            fixed (byte* query = sqlBytes, output = formatBytes)
            {
                var result = ChdbNative.QueryWithParameters(Handle, query, (nuint)sqlBytes.Length, output,
                    (nuint)formatBytes.Length,
                    strings, lengths, strings + count, lengths + count, (nuint)count);
                return TakeResult(result);
            }
        }
        finally
        {
            for (var i = 0; i < 2 * count; i++) NativeMemory.Free(strings[i]);
        }
    }

    /// <summary>
    /// Runs one INSERT (without FORMAT) fed with one block in the Native format; returns when the rows are committed.
    /// </summary>
    public void Insert(string sql, ReadOnlySpan<byte> nativeBlock)
    {
        var sqlBytes = Encoding.UTF8.GetBytes(sql);
        fixed (byte* query = sqlBytes, format = "Native"u8, data = nativeBlock)
        {
            var stream = ChdbNative.StreamInsert(Handle, query, (nuint)sqlBytes.Length, format, 6);
            try
            {
                ThrowIfError(ChdbNative.StreamInsertError(stream));
                // A failed append leaves the reason in the stream; finishing it reports the same error as a result.
                _ = ChdbNative.StreamAppend(stream, data, (nuint)nativeBlock.Length);
                TakeResult(ChdbNative.StreamDone(stream));
                ThrowIfError(ChdbNative.StreamInsertError(stream));
            }
            finally
            {
                ChdbNative.DestroyInsertStream(stream);
            }
        }
    }

    /// <summary>Says what a text would do, by the engine's own parser, without running it.</summary>
    public ChdbNative.QueryAnalysis Classify(string sql)
    {
        var sqlBytes = Encoding.UTF8.GetBytes(sql);
        var analysis = new ChdbNative.QueryAnalysis { StructBytes = (uint)sizeof(ChdbNative.QueryAnalysis),
            Class = ChdbNative.QueryClass.Unknown };
        fixed (byte* query = sqlBytes)
        {
            return ChdbNative.ClassifyQuery(Handle, query, (nuint)sqlBytes.Length, null, 0, &analysis) == 0
                ? analysis
                : new ChdbNative.QueryAnalysis { Class = ChdbNative.QueryClass.Unknown };
        }
    }

    public void Dispose()
    {
        if (connection == null) return;
        ChdbNative.CloseConnection(connection);
        connection = null;
    }

    private static byte* AllocateUtf8(string text, out nuint bytes)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var buffer = (byte*)NativeMemory.Alloc((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(buffer, length));
        bytes = (nuint)length;
        return buffer;
    }

    private static ChdbResult TakeResult(nint result)
    {
        if (result == 0) throw new StoreUnavailableException("the embedded engine returned nothing: its outcome is unknown");
        try
        {
            ThrowIfError(ChdbNative.ResultError(result));
            var length = checked((int)ChdbNative.ResultLength(result));
            var bytes = length == 0 ? [] : new ReadOnlySpan<byte>(ChdbNative.ResultBuffer(result), length).ToArray();
            return new ChdbResult(bytes, ChdbNative.ResultRows(result), ChdbNative.ResultStorageRowsRead(result),
                ChdbNative.ResultStorageBytesRead(result), ChdbNative.ResultElapsedSeconds(result));
        }
        finally
        {
            ChdbNative.DestroyResult(result);
        }
    }

    private static void ThrowIfError(byte* error)
    {
        if (error == null) return;
        throw ClickHouseErrors.FromText(Marshal.PtrToStringUTF8((nint)error) ?? "");
    }

    private static readonly Dictionary<string, string> EmptyParameters = [];
}
