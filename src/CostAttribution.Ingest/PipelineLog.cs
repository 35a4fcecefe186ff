using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest;

/// <summary>The data plane's messages; stable ids from 2000.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(2001, LogLevel.Error,
        "journal record {Position} is no span batch and was left out; its bytes were {Kept}: {Fault}")]
    public static partial void RecordUnreadable(ILogger logger, ulong position, string kept, string fault);

    [LoggerMessage(2002, LogLevel.Warning, "the journal cannot be trimmed; it keeps growing until this is mended: {Fault}")]
    public static partial void TrimFailed(ILogger logger, string fault);

    [LoggerMessage(2003, LogLevel.Warning,
        "posting {PostingId} of {Rows} ledger rows did not reach the store; trying again in {DelayMillis} ms: {Fault}")]
    public static partial void PostingRetried(ILogger logger, string postingId, long rows, long delayMillis, string fault);

    [LoggerMessage(2004, LogLevel.Error,
        "the store refuses what posting {PostingId} says; trying again, then without the rows it refuses: {Fault}")]
    public static partial void PostingRefused(ILogger logger, string postingId, string fault);

    [LoggerMessage(2005, LogLevel.Warning, "{Traces} traces could not be looked up in the store; trying again: {Fault}")]
    public static partial void LookupFailed(ILogger logger, int traces, string fault);

    [LoggerMessage(2006, LogLevel.Information, "posting {PostingId} of an earlier run was {Outcome}")]
    public static partial void PostingResolved(ILogger logger, string postingId, string outcome);

    [LoggerMessage(2007, LogLevel.Critical,
        "the pipeline stopped on a fault of the program; senders are refused, restart the server and report this")]
    public static partial void Died(ILogger logger, Exception fault);

    [LoggerMessage(2008, LogLevel.Information, "replaying the journal from position {From} to {To}")]
    public static partial void Replaying(ILogger logger, ulong from, ulong to);

    [LoggerMessage(2009, LogLevel.Error, "posting file cannot be written; nothing is posted until the disk works: {Fault}")]
    public static partial void SpoolFailed(ILogger logger, string fault);

    [LoggerMessage(2010, LogLevel.Error,
        "the store holds trace {TraceId} in a form this program cannot read; nothing is posted for it, and the {Spans} spans " +
        "that arrived are kept in the journal's quarantine/traces/{File} until it can: {Fault}")]
    public static partial void TraceSetAside(ILogger logger, string traceId, int spans, string file, string fault);

    [LoggerMessage(2019, LogLevel.Error,
        "the file of trace {TraceId} in the journal's quarantine/traces cannot be used; trying again: {Fault}")]
    public static partial void NotSetAside(ILogger logger, string traceId, string fault);

    [LoggerMessage(2020, LogLevel.Information, "what was set aside of trace {TraceId} is in the store; its file is deleted")]
    public static partial void TakenBack(ILogger logger, string traceId);

    [LoggerMessage(2011, LogLevel.Error, "the journal cannot be read back; trying again: {Fault}")]
    public static partial void FeedFailed(ILogger logger, string fault);

    [LoggerMessage(2012, LogLevel.Warning,
        "postings of an earlier run cannot be settled yet; trying again in {DelayMillis} ms: {Fault}")]
    public static partial void RecoveryDelayed(ILogger logger, long delayMillis, string fault);

    [LoggerMessage(2013, LogLevel.Error,
        "posting {PostingId} waits; nothing is lost, but nothing is posted until this is mended: {Why}")]
    public static partial void PostingHeld(ILogger logger, string postingId, string why);

    [LoggerMessage(2014, LogLevel.Warning, "refused posting {PostingId} is sent in two halves; {Traces} traces are left of it")]
    public static partial void PostingDivided(ILogger logger, string postingId, int traces);

    [LoggerMessage(2015, LogLevel.Error,
        "trace {TraceId} of posting {PostingId} is not in the store but set aside under postings/quarantine: {Why}")]
    public static partial void TraceRefused(ILogger logger, string traceId, string postingId, string why);

    [LoggerMessage(2016, LogLevel.Warning,
        "cost_hourly lacked {Groups} groups in {Hours} hours, {Cost} USD in all; they were added")]
    public static partial void RollupMended(ILogger logger, long groups, int hours, string cost);

    [LoggerMessage(2019, LogLevel.Warning,
        "cost_hourly differs in {Hours} hours to which other nodes keep posting; the audit looks at them when they are over")]
    public static partial void RollupLeft(ILogger logger, int hours);

    [LoggerMessage(2017, LogLevel.Warning, "the store has lost rows of posting {PostingId}, which it had confirmed")]
    public static partial void PostingReopened(ILogger logger, string postingId);

    [LoggerMessage(2018, LogLevel.Error,
        "posting file {PostingId} is damaged and was set aside; its traces are posted again from the journal: {Fault}")]
    public static partial void PostingDamaged(ILogger logger, string postingId, string fault);

    [LoggerMessage(2021, LogLevel.Warning,
        "{Files} files under postings do not check; what they held and the store lacks is posted from the journal. Run a full " +
        "audit, and when it finds nothing take them away: {Names}")]
    public static partial void PostingFilesDamaged(ILogger logger, int files, string names);

    [LoggerMessage(2030, LogLevel.Warning,
        "{Kind} version {Version} is not among the kept ones, or not readable; corrections of its rows use today's, flagged")]
    public static partial void SnapshotMissing(ILogger logger, string kind, long version);
}
