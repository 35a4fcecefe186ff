return CostAttribution.Simulation.Running.SimulationCommand.Run(args);
