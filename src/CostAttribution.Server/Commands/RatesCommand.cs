using System.CommandLine;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary><c>rates</c>: verbs on rate cards.</summary>
internal sealed class RatesCommand : Command
{
    public RatesCommand(GivenSettings given) : base("rates", "work on rate cards")
    {
        Subcommands.Add(new RatesImportCommand(given, TimeProvider.System));
        Subcommands.Add(RatesShow.Command(given));
        Subcommands.Add(new RatesPublishCommand(given));
    }
}
