namespace CostAttribution.Simulation.Running;

/// <summary>The product broke a promise, or used the simulated world in a way it does not know.</summary>
public sealed class SimulationFailure(string message, Exception? inner = null) : Exception(message, inner);
