using CostAttribution.Domain.Pricing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads rate card files (docs/rate-cards.md) into a <see cref="RateBook"/>. Never throws on what a file says.</summary>
public static class RateCardLoader
{
    /// <summary>Largest file, in characters.</summary>
    public const int FileCharsMax = 4 * 1024 * 1024;

    /// <summary>Faults told at once; a file in a foreign format would otherwise have thousands.</summary>
    public const int FaultsMax = 100;

    /// <summary>
    /// Reads all files and checks the cards against each other. Files are taken together: a card may correct one of another file.
    /// </summary>
    /// <param name="files">Name for messages, and text.</param>
    /// <param name="asKnownAtNanos">Leave out what was recorded later; default: everything.</param>
    public static RateCardLoadResult Load(IEnumerable<(string Name, string Text)> files, long asKnownAtNanos = long.MaxValue) =>
        Load(files, [], asKnownAtNanos);

    /// <summary>
    /// As above, together with what was published since: a document may repeat what a file or another document says.
    /// </summary>
    /// <param name="files">Name for messages, and text.</param>
    /// <param name="documents">What was published.</param>
    /// <param name="asKnownAtNanos">Leave out what was recorded later; default: everything.</param>
    public static RateCardLoadResult Load(IEnumerable<(string Name, string Text)> files,
        IReadOnlyCollection<RateCardDocument> documents, long asKnownAtNanos = long.MaxValue)
    {
        var lists = new SourceLists();
        var faults = new List<RateCardFault>();
        foreach (var (name, text) in files) Read(name, text, 0, lists, faults);
        foreach (var document in documents) Read(document.Name, document.Text, document.LearntAtNanos, lists, faults);
        // Checks between cards would only repeat what an unreadable card already caused.
        var sources = documents.Count == 0 ? lists.ToSources() : SourceRepeats.Without(lists.ToSources());
        if (faults.Count == 0 && asKnownAtNanos == long.MaxValue && RateCatalogue.TryBuild(sources, faults, out var catalogue))
            return new RateCardLoadResult(catalogue!.Current, []) { Catalogue = catalogue };
        if (faults.Count == 0 && RateBookBuilder.TryBuild(sources, faults, out var book, asKnownAtNanos))
            return new RateCardLoadResult(book, []);
        var told = faults.OrderBy(fault => fault.File, StringComparer.Ordinal).ThenBy(fault => fault.Line).ToList();
        if (told.Count > FaultsMax)
        {
            var left = told.Count - FaultsMax;
            told.RemoveRange(FaultsMax, left);
            told.Add(new RateCardFault(told[^1].File, 0, RateCardFaultKind.LimitPassed,
                $"{left} more faults are not shown; fix these first"));
        }
        return new RateCardLoadResult(null, told);
    }

    private static void Read(string name, string text, long learntAtNanos, SourceLists lists, List<RateCardFault> faults)
    {
        if (text.Length > FileCharsMax)
        {
            faults.Add(new(name, 0, RateCardFaultKind.LimitPassed, $"file is longer than {FileCharsMax} characters; split it"));
            return;
        }
        if (RootOf(name, text, faults) is { } root) new RateCardFileReader(name, faults, learntAtNanos).Read(root, lists);
    }

    /// <summary>The file's one document; null, with a fault, when it has none that can be read.</summary>
    private static YamlNode? RootOf(string name, string text, List<RateCardFault> faults)
    {
        try
        {
            if (YamlGuard.FaultOf(name, text) is { } fault)
            {
                faults.Add(fault);
                return null;
            }
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 1) return stream.Documents[0].RootNode;
            faults.Add(new(name, 1, RateCardFaultKind.Unreadable,
                $"a rate card file is one document, this has {stream.Documents.Count}"));
        }
        catch (YamlException exception)
        {
            faults.Add(new(name, (int)exception.Start.Line, RateCardFaultKind.Unreadable,
                $"not valid YAML: {OneLine(exception.Message)}"));
        }
        // The parser's own way of giving up on some texts, without saying where.
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException
            or OverflowException or IndexOutOfRangeException or NullReferenceException or KeyNotFoundException)
        {
            faults.Add(new(name, 1, RateCardFaultKind.Unreadable, "not valid YAML"));
        }
        return null;
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim().TrimEnd('.');
}
