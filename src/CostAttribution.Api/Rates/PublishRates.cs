using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Rates;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Rates;

/// <summary>One slice: publish rate cards, or ask what they would change.</summary>
public static class PublishRates
{
    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("dryRun", ParameterKind.Text, "Whether to check and report only.")
        {
            Example = "true",
            Default = "false",
            Allowed = ["true", "false"],
        },
    ]);

    /// <summary>Rate card files to publish together.</summary>
    /// <param name="Files">Each with its name, for messages, and its YAML.</param>
    public sealed record Body(IReadOnlyList<RateFile> Files);

    internal sealed record Command(Body Body, RequestValues Values) : IRequest<RatePublication>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules()
        {
            RuleFor(command => command.Values).Follows(Parameters);
            RuleFor(command => command.Body).Custom((body, context) =>
            {
                if (body.Files is { Count: > 0 } files && files.All(file => file is { Name: not null, Text: not null })) return;
                context.AddFaults([new Fault("files", "must be there, each with a name and a text")]);
            });
        }
    }

    internal sealed class Handler(IRates rates) : IRequestHandler<Command, RatePublication>
    {
        public Task<RatePublication> Handle(Command request, CancellationToken cancellationToken) =>
            rates.PublishAsync(request.Body.Files, request.Values.One("dryRun") == "true", cancellationToken);
    }
}
