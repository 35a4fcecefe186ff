using System.CommandLine;
using System.Text.Json;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>what-if</c>: what the past would have cost under other rate cards, or with calls of one model moved to another. Posts
/// nothing.
/// </summary>
internal sealed class WhatIfCommand : Command
{
    private readonly RepricingOptions options = new();

    private readonly Option<string[]> cards = new("--cards")
    {
        Description = "rate card files, or directories of them, as if they were published", HelpName = "files",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> moves = new("--move")
    {
        Description = "calls of one model as if another had answered: model=model or provider/model=provider/model; repeatable",
        HelpName = "from=to",
    };

    private readonly GivenSettings given;

    public WhatIfCommand(GivenSettings given) : base("what-if", "what a past period would have cost under other rate cards or "
        + "with other models; posts nothing")
    {
        this.given = given;
        options.AddTo(this);
        Options.Add(cards);
        Options.Add(moves);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private Task<int> RunAsync(ParseResult parsed)
    {
        var request = options.Read(parsed, RepricingKind.WhatIf) with
        {
            Files = RateFileArguments.Read(parsed.GetValue(cards) ?? []),
            Moves = [.. (parsed.GetValue(moves) ?? []).Select(MoveOf)],
        };
        if (request is { RateBookVersion: not null, Files.Count: > 0 })
            throw new StartupException("--book and --cards cannot both be given: cards are laid over the book in force");
        if (parsed.GetValue(options.Server) is { } url)
        {
            return PriceVerb.ThereAsync(url, (api, stop) => options.WaitAsync(parsed, api, "/api/v1/what-if",
                JsonSerializer.Serialize(new
                {
                    from = request.From?.UtcDateTime, to = request.To?.UtcDateTime, provider = request.Provider,
                    model = request.Model, customer = request.Customer, book = request.RateBookVersion?.ToString(
                        System.Globalization.CultureInfo.InvariantCulture),
                    files = request.Files, moves = request.Moves,
                }, JsonSerializerOptions.Web), stop));
        }
        return PriceVerb.HereAsync(given, "what-if", async (opened, stop) =>
            await options.TellAsync(parsed, await opened.Repricer.RunAsync(request, stop).ConfigureAwait(false))
                .ConfigureAwait(false));
    }

    /// <summary>Throws <see cref="StartupException"/> when the text is no move.</summary>
    internal static RepricingMove MoveOf(string text)
    {
        var (from, to) = text.Split('=') is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right)
            : throw new StartupException($"--move needs from=to, for example gpt-5=gpt-5-mini; it is '{text}'");
        var (fromProvider, fromModel) = Parts(from);
        var (toProvider, toModel) = Parts(to);
        return new RepricingMove(fromProvider, fromModel, toProvider, toModel);

        static (string, string) Parts(string name) =>
            name.IndexOf('/', StringComparison.Ordinal) is > 0 and var at ? (name[..at], name[(at + 1)..]) : ("", name);
    }
}
