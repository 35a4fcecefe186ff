using System.Text.Json;
using CostAttribution.RateCards;
using CostAttribution.Server.Commands;
using CostAttribution.Server.Settings;

namespace CostAttribution.UnitTests.Commands;

/// <summary><c>rates import</c> from the command line to the files it writes.</summary>
public sealed class RatesImportCommandTests : IDisposable
{
    private const string Models = """
        { "acme/m": { "litellm_provider": "acme", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 0, "moon": 1 },
          "acme/n": { "litellm_provider": "acme", "input_cost_per_token": 2.5 } }
        """;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("rates-import-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task A_dry_run_tells_what_would_change_and_writes_nothing()
    {
        var (code, text) = await RunAsync("--as-of", "2026-11-20");

        Assert.Equal(0, code);
        Assert.Equal(
            $"""
            litellm of 2026-11-20: 2 models, 1 usable prices ({File})
            new cards: 1
              imported/acme/m  input_tokens 2.5 per 1M  litellm
            refused: 1
              {File}: acme/n.input_cost_per_token: input_tokens is 2500000 per 1M, outside 0.0001 and 200 per 1M: a mix-up of units
            no price (a zero is not 'free'): 1
              {File}: acme/m.output_cost_per_token: output_tokens is 0, which a third party also writes for 'unknown'; no price (--free says otherwise)
            fields not understood: 1
              litellm moon  1 times  first at acme/m.moon
            1 new cards, 0 changed, 0 unchanged, 0 models priced by cards or sources believed before, 0 disagreements
            dry run, nothing was written; --write DIRECTORY writes these cards
            """.ReplaceLineEndings("\n"), text.ReplaceLineEndings("\n").TrimEnd());
        Assert.Equal(["models.json"], directory.EnumerateFiles().Select(file => file.Name));
    }

    [Fact]
    public async Task What_was_written_is_loaded_and_importing_it_again_writes_nothing()
    {
        var (_, text) = await RunAsync("--write", directory.FullName, "--recorded-at", "2026-11-22T06:00:00Z");
        var (_, again) = await RunAsync("--write", directory.FullName, "--recorded-at", "2026-11-23");

        Assert.EndsWith("imported-20261122T060000Z.yaml", text.TrimEnd());
        Assert.EndsWith("nothing to write", again.TrimEnd());
        Assert.Equal(["imported-20261122T060000Z.yaml", "models.json"], directory.EnumerateFiles().Select(file => file.Name).Order());
        Assert.NotNull(RateCardFiles.Load(directory.FullName).Book?.CardById("imported/acme/m"));
    }

    [Fact]
    public async Task As_json_the_plan_says_the_same_to_programs()
    {
        var (_, text) = await RunAsync("--json");

        using var plan = JsonDocument.Parse(text);
        Assert.Equal("2.5 per 1M", plan.RootElement.GetProperty("new")[0].GetProperty("rates").GetProperty("input_tokens").GetString());
        Assert.Equal("acme/n.input_cost_per_token", plan.RootElement.GetProperty("refused")[0].GetProperty("path").GetString());
        Assert.Equal(1, plan.RootElement.GetProperty("notUnderstood")[0].GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("rates import", "name a file with --litellm, --genai-prices or --models-dev")]
    [InlineData("rates import --litellm nowhere.json", "nowhere.json cannot be read: ")]
    [InlineData("rates import --prefer moon --litellm nowhere.json", "nowhere.json cannot be read: ")]
    [InlineData("rates import --from soon", "--from needs a UTC day or time such as 2026-11-22 or 2026-11-22T06:00:00Z")]
    [InlineData("rates import --write no-such-directory", "--write no-such-directory does not exist; create it first")]
    public async Task A_request_that_cannot_be_read_is_refused_in_one_line(string line, string fault)
    {
        var refused = await Assert.ThrowsAsync<StartupException>(() => CommandTree.RunAsync(line.Split(' '), TextWriter.Null));

        Assert.StartsWith(fault, Assert.Single(refused.Faults));
    }

    [Fact]
    public async Task A_source_that_is_none_is_refused()
    {
        var refused = await Assert.ThrowsAsync<StartupException>(() => RunAsync("--prefer", "moon"));

        Assert.Equal(["--prefer 'moon' is none of book, genai-prices, litellm, models.dev"], refused.Faults);
    }

    private string File => Path.Combine(directory.FullName, "models.json");

    private async Task<(int Code, string Text)> RunAsync(params string[] options)
    {
        await System.IO.File.WriteAllTextAsync(File, Models);
        var output = new StringWriter();
        var code = await CommandTree.RunAsync(["rates", "import", "--litellm", File, .. options], output);
        return (code, output.ToString());
    }
}
