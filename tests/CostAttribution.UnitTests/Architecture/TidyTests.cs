using System.Text.RegularExpressions;

namespace CostAttribution.UnitTests.Architecture;

/// <summary>House rules that a machine can check.</summary>
public sealed partial class TidyTests
{
    private const int SourceLinesMax = 450;
    private const int TestLinesMax = 600;
    private const int SourceColumnsMax = 130;
    private const int TestColumnsMax = 160;

    [Fact]
    public void No_file_is_too_long_to_do_one_thing()
    {
        var long_ = Repository.Files("src", ".cs").Where(path => Lines(path) > SourceLinesMax)
            .Concat(Repository.Files("tests", ".cs").Where(path => Lines(path) > TestLinesMax));

        Assert.Empty(long_.Select(path => $"{Repository.Relative(path)}: {Lines(path)} lines"));
    }

    [Fact]
    public void No_line_is_too_wide_to_read()
    {
        var wide = from kind in new[] { (Folder: "src", ColumnsMax: SourceColumnsMax), (Folder: "tests", ColumnsMax: TestColumnsMax) }
                   from path in Repository.Files(kind.Folder, ".cs")
                   from line in File.ReadLines(path).Select((text, index) => (Text: text, Number: index + 1))
                   where line.Text.Length > kind.ColumnsMax
                   select $"{Repository.Relative(path)}:{line.Number}: {line.Text.Length} columns";

        Assert.Empty(wide);
    }

    [Fact]
    public void Nothing_is_marked_as_unfinished() => Assert.Empty(Matches(Unfinished()));

    [Fact]
    public void No_test_is_skipped_or_waits_by_sleeping() => Assert.Empty(Matches(Sleeping()));

    [Fact]
    public void Money_is_never_floating_point()
    {
        var floating = from folder in new[] { "Pricing", "Ledger", "Costing" }
                       from path in Repository.Files(Path.Combine("src", "CostAttribution.Domain", folder), ".cs")
                       from line in File.ReadLines(path).Select((text, index) => (Text: text, Number: index + 1))
                       where !line.Text.TrimStart().StartsWith('/') && !line.Text.Contains('"') && Floating().IsMatch(line.Text)
                       select $"{Repository.Relative(path)}:{line.Number}: {line.Text.Trim()}";

        Assert.Empty(floating);
    }

    [Fact]
    public void Lock_files_name_no_hosts()
    {
        var locks = Repository.Files("src", ".json").Concat(Repository.Files("tests", ".json"))
            .Where(path => Path.GetFileName(path) == "package-lock.json").ToArray();

        Assert.NotEmpty(locks);
        Assert.All(locks, path =>
        {
            var text = File.ReadAllText(path);
            Assert.DoesNotContain("\"resolved\"", text, StringComparison.Ordinal);
            Assert.Contains("\"integrity\"", text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var documents = Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Repository.Files("docs", ".md"));
        var dead = from path in documents
                   from Match link in Link().Matches(File.ReadAllText(path))
                   let target = link.Groups[1].Value.Split('#')[0]
                   where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                   where !Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target))
                   select $"{Repository.Relative(path)}: {target}";

        Assert.Empty(dead);
    }

    private static IEnumerable<string> Sources() => Repository.Files("src", ".cs").Concat(Repository.Files("tests", ".cs"));

    private static int Lines(string path) => File.ReadLines(path).Count();

    private static IEnumerable<string> Matches(Regex pattern) =>
        from path in Sources()
        where Path.GetFileName(path) != "TidyTests.cs"
        from line in File.ReadLines(path).Select((text, index) => (Text: text, Number: index + 1))
        where pattern.IsMatch(line.Text)
        select $"{Repository.Relative(path)}:{line.Number}: {line.Text.Trim()}";

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"Skip\s*=\s*""|Thread\.Sleep\(|Task\.Delay\([0-9]")]
    private static partial Regex Sleeping();

    [GeneratedRegex(@"\b(double|float|decimal)\b(\?|\[\])? [a-zA-Z]|\((double|float|decimal)\)|<(double|float|decimal)>")]
    private static partial Regex Floating();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
