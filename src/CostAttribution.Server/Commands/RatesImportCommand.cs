using System.CommandLine;
using System.CommandLine.Parsing;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using CostAttribution.RateCards.Importing;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>rates import</c>: third-party prices into rate card files. Without <c>--write</c> it only tells what would change.
/// </summary>
internal sealed class RatesImportCommand : Command
{
    /// <summary>Exit code when the result would be no sound book and nothing was written.</summary>
    public const int Unsound = 3;

    private const long NanosPerSecond = 1_000_000_000;

    private readonly Option<FileInfo?> liteLlm = SourceFile("--litellm", "LiteLLM's model_prices_and_context_window.json");
    private readonly Option<FileInfo?> genAiPrices = SourceFile("--genai-prices", "data.json of genai-prices, version 2");
    private readonly Option<FileInfo?> modelsDev = SourceFile("--models-dev", "api.json of models.dev");

    private readonly Option<string[]> prefer = new("--prefer")
    {
        Description = "whom to believe first: book, genai-prices, litellm, models.dev (default: in this order)",
        HelpName = "sources", AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> free = new("--free")
    {
        Description = "provider/model whose price of 0 means free, for example 'gcp.gemini/gemma-*'; repeatable",
        HelpName = "pattern",
    };

    private readonly Option<string?> asOf = Day("--as-of", "day the files are of (default: when each was last written)");
    private readonly Option<string?> from = Day("--from", "day from which changed prices hold (default: day of --recorded-at)");

    private readonly Option<bool> correct = new("--correct")
    {
        Description = "changed prices were always so: correct the cards instead of ending them",
    };

    private readonly Option<string?> recordedAt = Day("--recorded-at", "when this was learnt (default: now)");
    private readonly Option<DirectoryInfo?> write = new("--write")
    {
        Description = "write the cards into this directory, usually that of RateCards:Directory", HelpName = "directory",
    };

    private readonly Option<bool> json = new("--json") { Description = "print the plan as JSON" };
    private readonly GivenSettings given;
    private readonly TimeProvider time;

    public RatesImportCommand(GivenSettings given, TimeProvider time) : base("import",
        "lay third-party prices beside the book in "
        + $"force and, with --write, write what is new as rate card files; exit code 0: done; {Unsound}: it would contradict "
        + "cards in force, nothing was written; 1: it could not run")
    {
        this.given = given;
        this.time = time;
        Option[] options = [liteLlm, genAiPrices, modelsDev, prefer, free, asOf, from, correct, recordedAt, write, json];
        foreach (var option in options) Options.Add(option);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        var target = parsed.GetValue(write)?.FullName;
        if (target is not null && !Directory.Exists(target))
            throw new StartupException($"--write {parsed.GetValue(write)} does not exist; create it first");
        var request = RequestOf(parsed, target);
        ImportPlan plan;
        try
        {
            plan = RateImport.Plan(request);
        }
        catch (InvalidDataException fault)
        {
            throw new StartupException(fault.Message.Split('\n'));
        }
        var written = target is not null && plan.Faults.Count == 0 ? Written(plan, target, request.RecordedAtNanos) : [];
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json)) await output.WriteLineAsync(RatesImportJson.Text(plan, written)).ConfigureAwait(false);
        else foreach (var line in RatesImportText.Lines(plan, written, target is not null))
            await output.WriteLineAsync(line).ConfigureAwait(false);
        return plan.Faults.Count == 0 ? 0 : Unsound;
    }

    private static IReadOnlyList<string> Written(ImportPlan plan, string target, long recordedAtNanos)
    {
        try
        {
            return ImportFileWriter.Write(plan.Texts, target, recordedAtNanos);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{target} cannot be written: {fault.Message.TrimEnd('.')}");
        }
    }

    private ImportRequest RequestOf(ParseResult parsed, string? target)
    {
        var day = parsed.GetValue(asOf);
        var files = new List<ImportFile>();
        foreach (var (source, option) in new[]
        {
            (ImportSource.LiteLlm, liteLlm), (ImportSource.GenAiPrices, genAiPrices), (ImportSource.ModelsDev, modelsDev),
        })
        {
            if (parsed.GetValue(option) is { } file) files.Add(Open(source, file, day));
        }
        if (files.Count == 0) throw new StartupException("name a file with --litellm, --genai-prices or --models-dev");
        var recorded = parsed.GetValue(recordedAt) is { } told && RateCardTime.TryParse(told, out var nanos) ? nanos
            : time.GetUtcNow().ToUnixTimeSeconds() * NanosPerSecond;
        var changes = parsed.GetValue(from) is { } first && RateCardTime.TryParse(first, out var start) ? start
            : recorded - recorded % (24 * 60 * 60 * NanosPerSecond);
        return new ImportRequest
        {
            Files = files, InForce = InForce(target), RecordedAtNanos = recorded, ChangesFromNanos = changes,
            Correct = parsed.GetValue(correct), Order = OrderOf(parsed.GetValue(prefer) ?? []),
            Free = parsed.GetValue(free) ?? [],
        };
    }

    private static ImportFile Open(ImportSource source, FileInfo file, string? day)
    {
        try
        {
            return ImportFile.Open(source, file.ToString(), day);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StartupException($"{file} cannot be read: {fault.Message.TrimEnd('.')}");
        }
    }

    /// <summary>The shipped cards, those of RateCards:Directory, and those of the directory that is written to.</summary>
    private List<(string Name, string Text)> InForce(string? target)
    {
        var configured = given.ReadConfiguration()["RateCards:Directory"] ?? "";
        var files = new List<(string, string)>(RateCardFiles.Shipped());
        foreach (var directory in new[] { configured, target ?? "" }.Where(path => path.Length > 0)
            .Select(Path.GetFullPath).Distinct())
        {
            var (found, faults) = RateCardFiles.Read(directory);
            if (faults.Count > 0) throw new StartupException([.. faults.Select(fault => fault.ToString())]);
            files.AddRange(found);
        }
        return files;
    }

    private static List<ImportSource> OrderOf(string[] names)
    {
        var order = new List<ImportSource>();
        foreach (var name in names.SelectMany(list =>
            list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            order.Add(ImportSources.FromName(name)
                ?? throw new StartupException($"--prefer '{name}' is none of "
                    + string.Join(", ", ImportSources.DefaultOrder.Select(ImportSources.NameOf))));
        }
        return [.. order.Distinct()];
    }

    private static Option<FileInfo?> SourceFile(string name, string description) =>
        new(name) { Description = description, HelpName = "file" };

    private static Option<string?> Day(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "day",
        CustomParser = result => RateCardTime.TryParse(result.Tokens[0].Value, out var nanos)
            ? RateCardTime.ToText(nanos) : Refuse(result,
                $"{name} needs a UTC day or time such as 2026-11-22 or 2026-11-22T06:00:00Z"),
    };

    private static string? Refuse(ArgumentResult result, string fault)
    {
        result.AddError(fault);
        return null;
    }
}
