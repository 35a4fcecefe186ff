using FluentValidation;
using FluentValidation.Results;
using MediatR;

namespace CostAttribution.Api.Mediation;

/// <summary>Asks every rule before a handler sees the query; one failure holds all faults.</summary>
internal sealed class ValidationBehavior<TQuery, TAnswer>(IEnumerable<IValidator<TQuery>> rules) : IPipelineBehavior<TQuery,
    TAnswer>
{
    public async Task<TAnswer> Handle(TQuery request, CancellationToken cancellationToken, RequestHandlerDelegate<TAnswer> next)
    {
        var failures = new List<ValidationFailure>();
        foreach (var rule in rules)
        {
            var result = await rule.ValidateAsync(request, cancellationToken);
            failures.AddRange(result.Errors);
        }
        return failures.Count == 0 ? await next() : throw new ValidationException(failures);
    }
}
