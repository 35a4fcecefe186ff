namespace CostAttribution.Api.Pipeline;

/// <summary>What the data plane tells about itself. Must answer at once, from memory.</summary>
public interface IPipelineStatus
{
    PipelineSnapshot Read();
}
