namespace CostAttribution.RateCards;

/// <summary>A rate card file that was published at some instant.</summary>
/// <param name="Name">File name, for messages.</param>
/// <param name="Text">YAML.</param>
/// <param name="LearntAtNanos">When what the file does not date was learnt; nanoseconds since the Unix epoch.</param>
public readonly record struct RateCardDocument(string Name, string Text, long LearntAtNanos);
