using System.Globalization;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Repricing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Repricings;

/// <summary>One slice: price what stands by a rate book, or count what that would change.</summary>
public static class StartRepricing
{
    internal static readonly ParameterTable Parameters = new(
    [
        TimeRange.FromParameter with { Default = "the oldest row" },
        TimeRange.ToParameter with { Default = "all rows" },
        new Parameter("provider", ParameterKind.Text, "Only calls of this provider.") { Example = "openai" },
        new Parameter("model", ParameterKind.Text, "Only calls of this model.") { Example = "gpt-5-mini" },
        new Parameter("customer", ParameterKind.Text, "Only this customer's; empty for what has none.")
        {
            Example = "acme", MayBeEmpty = true,
        },
        new Parameter("book", ParameterKind.Text, "Version of a rate book that was once in force.")
        {
            Example = "5577006791947779410", Default = "the book in force",
        },
        new Parameter("dryRun", ParameterKind.Text, "Whether to count only.")
        {
            Example = "true", Default = "false", Allowed = ["true", "false"],
        },
    ]);

    internal sealed record Command(RequestValues Values) : IRequest<RepricingStart>;

    internal sealed class Rules : AbstractValidator<Command>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(command => command.Values).Follows(Parameters);
            RuleFor(command => command.Values).IsARange(clock);
            RuleFor(command => command.Values).Custom((values, context) =>
            {
                if (values.One("book") is { } text && !IsVersion(text))
                    context.AddFaults([new Fault("book", "is not a version of a rate book") { Value = Fault.Shown(text) }]);
            });
        }
    }

    internal sealed class Handler(IRepricings repricings) : IRequestHandler<Command, RepricingStart>
    {
        public Task<RepricingStart> Handle(Command request, CancellationToken cancellationToken)
        {
            var values = request.Values;
            return repricings.StartAsync(new RepricingRequest
            {
                Kind = values.One("dryRun") == "true" ? RepricingKind.DryRun : RepricingKind.Apply,
                From = Time(values.One("from")), To = Time(values.One("to")), Provider = values.One("provider"),
                Model = values.One("model"), Customer = values.One("customer"),
                RateBookVersion = values.One("book") is { } version ? long.Parse(version, CultureInfo.InvariantCulture) : null,
            }, cancellationToken);
        }
    }

    internal static bool IsVersion(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    internal static DateTimeOffset? Time(string? text) =>
        text is not null && TimeText.TryParse(text, TimeZoneInfo.Utc, out var time) ? time : null;
}
