using CostAttribution.Domain.Costing;

namespace CostAttribution.Ingest.Costing;

/// <summary>What the answer to a question is made of.</summary>
internal enum TopicRule : byte
{
    /// <summary>What all others agree on, by dimension.</summary>
    Agreement,

    /// <summary>One trace alone knows the answer, and may be the one that asks.</summary>
    OneSpan,

    /// <summary>The word of each other trace, by its id; nothing but a mark when there are more than can be.</summary>
    EachWord,

    /// <summary>The word before the asker's own, by <see cref="SeriesOrder"/>; words say themselves who asks.</summary>
    Predecessor,
}
