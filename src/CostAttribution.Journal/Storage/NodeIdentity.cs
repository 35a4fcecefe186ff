using System.Globalization;
using System.Text;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// The file <c>node</c>: three lines of text, a title with the format version, the node id, and the CRC-32C of the first two in
/// hex. It keeps a data directory from being used under two names. A damaged file is as good as none, because the segments
/// carry the id too.
/// </summary>
internal static class NodeIdentity
{
    private const string FileName = "node";
    private const string Title = "cost-attribution node 1";
    private const int FileBytesMax = 1024;

    public static void CheckName(string nodeId)
    {
        var bad = nodeId.Length == 0 || Encoding.UTF8.GetByteCount(nodeId) > SegmentHeader.NodeIdBytesMax;
        foreach (var one in nodeId) bad |= char.IsControl(one) || char.IsSurrogate(one);
        if (!bad) return;
        throw new ArgumentException(
            $"node id '{nodeId}' must have 1 to 64 bytes and no control characters", nameof(nodeId));
    }

    /// <summary>Throws <see cref="JournalNodeException"/> when the directory belongs to another node.</summary>
    public static bool IsRecorded(StoreDirectory directory, string nodeId)
    {
        if (!directory.Exists(FileName)) return false;
        var lines = Encoding.UTF8.GetString(directory.ReadAll(FileName, FileBytesMax)).Split('\n');
        if (lines.Length < 3 || lines[0] != Title || lines[2] != Check(lines[1])) return false;
        if (lines[1] != nodeId) throw new JournalNodeException(directory.DisplayName, lines[1], nodeId);
        return true;
    }

    public static void Record(StoreDirectory directory, string nodeId) =>
        directory.Replace(FileName, Encoding.UTF8.GetBytes($"{Title}\n{nodeId}\n{Check(nodeId)}\n"));

    private static string Check(string nodeId) =>
        Crc32C.Compute(Encoding.UTF8.GetBytes($"{Title}\n{nodeId}\n")).ToString("x8", CultureInfo.InvariantCulture);
}
