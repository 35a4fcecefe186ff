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
    private const string Title = "cost-attribution node ";
    private const int Version = 1;
    private const int FileBytesMax = 1024;

    public static void CheckName(string nodeId)
    {
        var bad = nodeId.Length == 0 || Encoding.UTF8.GetByteCount(nodeId) > SegmentHeader.NodeIdBytesMax;
        foreach (var one in nodeId) bad |= char.IsControl(one) || char.IsSurrogate(one);
        if (!bad) return;
        throw new ArgumentException(
            $"node id '{nodeId}' must have 1 to 64 bytes and no control characters", nameof(nodeId));
    }

    /// <summary>
    /// Throws <see cref="JournalNodeException"/> when the directory belongs to another node,
    /// <see cref="JournalVersionException"/> when the file is of a newer version.
    /// </summary>
    public static bool IsRecorded(StoreDirectory directory, string nodeId)
    {
        if (!directory.Exists(FileName)) return false;
        if (TextFile.TryRead(directory, FileName, FileBytesMax, Title, Version) is not [_, var recorded]) return false;
        if (recorded != nodeId) throw new JournalNodeException(directory.DisplayName, recorded, nodeId);
        return true;
    }

    public static void Record(StoreDirectory directory, string nodeId) =>
        TextFile.Write(directory, FileName, [Title + Version.ToString(CultureInfo.InvariantCulture), nodeId]);
}
