namespace CostAttribution.Server.Demo;

/// <summary>Where the demo is, for one repaint.</summary>
/// <param name="Trouble">Why the figures may be old; empty when they are fresh.</param>
internal sealed record DemoStatus(string Phase, long SentSpans, long WantedSpans, long Retries, CostFigures Figures,
    string Trouble)
{
    /// <summary>Progress of the sending in thousandths, at most 1000.</summary>
    public int SentPerMille => (int)Math.Min(1000, SentSpans * 1000 / Math.Max(1, WantedSpans));
}
