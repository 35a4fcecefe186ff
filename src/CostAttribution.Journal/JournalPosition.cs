using System.Globalization;

namespace CostAttribution.Journal;

/// <summary>
/// The place of a record: its sequence number, from 1 on. Later records have larger positions; numbers may be skipped (after a
/// failed sync), never used twice for records that were acknowledged or handed out.
/// </summary>
public readonly record struct JournalPosition(ulong Sequence) : IComparable<JournalPosition>
{
    /// <summary>Below every record: where reading starts when nothing was read yet.</summary>
    public static JournalPosition Oldest => default;

    /// <summary>The position right after this one.</summary>
    public JournalPosition Next => new(Sequence + 1);

    public int CompareTo(JournalPosition other) => Sequence.CompareTo(other.Sequence);

    public override string ToString() => Sequence.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(JournalPosition left, JournalPosition right) => left.Sequence < right.Sequence;
    public static bool operator >(JournalPosition left, JournalPosition right) => left.Sequence > right.Sequence;
    public static bool operator <=(JournalPosition left, JournalPosition right) => left.Sequence <= right.Sequence;
    public static bool operator >=(JournalPosition left, JournalPosition right) => left.Sequence >= right.Sequence;
}
