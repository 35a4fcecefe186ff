using CostAttribution.Api.Adjustments;
using CostAttribution.Api.Audits;
using CostAttribution.Api.Costs;
using CostAttribution.Api.Flags;
using CostAttribution.Api.Health;
using CostAttribution.Api.Pipeline;
using CostAttribution.Api.Quarantine;
using CostAttribution.Api.Rates;
using CostAttribution.Api.ReportedCosts;
using CostAttribution.Api.Repricings;
using CostAttribution.Api.Runs;
using CostAttribution.Api.Spans;
using CostAttribution.Api.Unpriced;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace CostAttribution.Api.Mediation;

/// <summary>
/// Every slice by name: what is not listed here cannot be asked. Slices hold no state, so one of each is enough.
/// </summary>
internal static class MediatorSetup
{
    public static IServiceCollection AddMediation(this IServiceCollection services)
    {
        services.AddSingleton<ServiceFactory>(provider => provider.GetService!);
        services.AddSingleton<IMediator, Mediator>();
        services.AddSingleton(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>));

        services.AddSlice<GetCosts.Query, GetCosts.Answer, GetCosts.Handler>().AddSingleton<IValidator<GetCosts.Query>,
            GetCosts.Rules>();
        services.AddSlice<ListRuns.Query, ListRuns.Answer, ListRuns.Handler>().AddSingleton<IValidator<ListRuns.Query>,
            ListRuns.Rules>();
        services.AddSlice<GetRun.Query, GetRun.Answer?, GetRun.Handler>().AddSingleton<IValidator<GetRun.Query>, GetRun.Rules>();
        services.AddSlice<ExplainSpan.Query, ExplainSpan.Answer?,
            ExplainSpan.Handler>().AddSingleton<IValidator<ExplainSpan.Query>, ExplainSpan.Rules>();
        services.AddSlice<GetPipeline.Query, PipelineSnapshot, GetPipeline.Handler>().AddSingleton<IValidator<GetPipeline.Query>,
            GetPipeline.Rules>();
        services.AddSlice<StartAudit.Command, AuditReport?, StartAudit.Handler>().AddSingleton<IValidator<StartAudit.Command>,
            StartAudit.Rules>();
        services.AddSlice<GetAudit.Query, AuditReport?, GetAudit.Handler>().AddSingleton<IValidator<GetAudit.Query>,
            GetAudit.Rules>();
        services.AddSlice<ListAudits.Query, ListAudits.Answer, ListAudits.Handler>().AddSingleton<IValidator<ListAudits.Query>,
            ListAudits.Rules>();
        services.AddSlice<ListRefused.Query, ListRefused.Answer, ListRefused.Handler>()
            .AddSingleton<IValidator<ListRefused.Query>, ListRefused.Rules>();
        services.AddSlice<GetRefused.Query, RefusedPosting?, GetRefused.Handler>()
            .AddSingleton<IValidator<GetRefused.Query>, GetRefused.Rules>();
        services.AddSlice<PostRefused.Command, RefusedResult?, PostRefused.Handler>()
            .AddSingleton<IValidator<PostRefused.Command>, PostRefused.Rules>();
        services.AddSlice<GetUnpriced.Query, GetUnpriced.Answer, GetUnpriced.Handler>()
            .AddSingleton<IValidator<GetUnpriced.Query>, GetUnpriced.Rules>();
        services.AddSlice<GetReportedCosts.Query, GetReportedCosts.Answer, GetReportedCosts.Handler>()
            .AddSingleton<IValidator<GetReportedCosts.Query>, GetReportedCosts.Rules>();
        services.AddSlice<GetFlags.Query, GetFlags.Answer, GetFlags.Handler>()
            .AddSingleton<IValidator<GetFlags.Query>, GetFlags.Rules>();
        services.AddSlice<ListRates.Query, ListRates.Answer, ListRates.Handler>()
            .AddSingleton<IValidator<ListRates.Query>, ListRates.Rules>();
        services.AddSlice<GetRate.Query, GetRate.Answer?, GetRate.Handler>()
            .AddSingleton<IValidator<GetRate.Query>, GetRate.Rules>();
        services.AddSlice<ResolveRate.Query, ResolveRate.Answer, ResolveRate.Handler>()
            .AddSingleton<IValidator<ResolveRate.Query>, ResolveRate.Rules>();
        services.AddSlice<PublishRates.Command, RatePublication, PublishRates.Handler>()
            .AddSingleton<IValidator<PublishRates.Command>, PublishRates.Rules>();
        services.AddSlice<StartRepricing.Command, RepricingStart, StartRepricing.Handler>()
            .AddSingleton<IValidator<StartRepricing.Command>, StartRepricing.Rules>();
        services.AddSlice<AskWhatIf.Command, RepricingStart, AskWhatIf.Handler>()
            .AddSingleton<IValidator<AskWhatIf.Command>, AskWhatIf.Rules>();
        services.AddSlice<GetRepricing.Query, RepricingReport?, GetRepricing.Handler>()
            .AddSingleton<IValidator<GetRepricing.Query>, GetRepricing.Rules>();
        services.AddSlice<ListRepricings.Query, ListRepricings.Answer, ListRepricings.Handler>()
            .AddSingleton<IValidator<ListRepricings.Query>, ListRepricings.Rules>();
        services.AddSlice<CancelRepricing.Command, bool, CancelRepricing.Handler>()
            .AddSingleton<IValidator<CancelRepricing.Command>, CancelRepricing.Rules>();
        services.AddSlice<StartAdjustments.Command, AdjustmentStart, StartAdjustments.Handler>()
            .AddSingleton<IValidator<StartAdjustments.Command>, StartAdjustments.Rules>();
        services.AddSlice<ListAdjustments.Query, ListAdjustments.Answer, ListAdjustments.Handler>()
            .AddSingleton<IValidator<ListAdjustments.Query>, ListAdjustments.Rules>();
        services.AddSlice<GetAdjustmentRun.Query, AdjustmentReport?, GetAdjustmentRun.Handler>()
            .AddSingleton<IValidator<GetAdjustmentRun.Query>, GetAdjustmentRun.Rules>();
        services.AddSlice<GetReadiness.Query, GetReadiness.Answer, GetReadiness.Handler>();
        return services;
    }

    private static IServiceCollection AddSlice<TQuery, TAnswer, THandler>(this IServiceCollection services)
        where TQuery : IRequest<TAnswer>
        where THandler : class, IRequestHandler<TQuery, TAnswer> =>
        services.AddSingleton<IRequestHandler<TQuery, TAnswer>, THandler>();
}
