using CostAttribution.Server.Commands;
using CostAttribution.Server.Settings;

namespace CostAttribution.UnitTests.Commands;

/// <summary>What the program reads from its command line before it does anything.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public void Settings_are_taken_out_before_and_after_a_verb_in_both_spellings()
    {
        var given = new GivenSettings();

        var rest = given.TakeFrom(["--Api:Port", "81", "--demo", "--Bind=0.0.0.0", "--demo-spans", "7"], CommandTree.Build(given));

        Assert.Equal(["--demo", "--demo-spans", "7"], rest);
        var configuration = given.ReadConfiguration();
        Assert.Equal(("81", "0.0.0.0"), (configuration["Api:Port"], configuration["Bind"]));
    }

    [Fact]
    public void A_later_setting_wins_and_a_value_may_be_negative_or_hold_an_equals_sign()
    {
        var given = new GivenSettings();

        Assert.Empty(given.TakeFrom(["--Api:Port", "1", "--api:port", "-2", "--ClickHouse:Password=a=b"], CommandTree.Build(given)));

        var configuration = given.ReadConfiguration();
        Assert.Equal(("-2", "a=b"), (configuration["Api:Port"], configuration["ClickHouse:Password"]));
    }

    [Theory]
    [InlineData("serve", "unknown command 'serve'; see --help")]
    [InlineData("-x", "-x is not an option here; see --help")]
    [InlineData("--demo-spans", "required argument missing for option: '--demo-spans'")]
    [InlineData("--demo-spans none", "--demo-spans needs a positive number")]
    [InlineData("--demo-seconds 0", "--demo-seconds needs a positive number")]
    [InlineData("--Api:Port", "--Api:Port needs a value")]
    [InlineData("--Api:Port --demo", "--Api:Port needs a value")]
    [InlineData("audit --from soon", "--from needs a time such as 2026-01-01T06:00:00Z")]
    [InlineData("audit --from 2026-01-02 --to 2026-01-01", "--from must be before --to")]
    [InlineData("audit --server here", "--server needs an address such as http://127.0.0.1:8080")]
    [InlineData("audit --demo", "--demo is not an option here; see --help")]
    [InlineData("audit everything", "unknown command 'everything'; see --help")]
    [InlineData("audit --DataDirectory no-such-directory", "DataDirectory 'no-such-directory' does not exist; there is nothing to audit")]
    [InlineData("quarantine post", "name the postings to post, or --all")]
    [InlineData("quarantine post n-1 --all", "name the postings to post, or --all")]
    [InlineData("quarantine list --server here", "--server needs an address such as http://127.0.0.1:8080")]
    [InlineData("quarantine list --DataDirectory no-such-directory", "DataDirectory 'no-such-directory' does not exist; nothing is in quarantine")]
    public async Task A_command_line_that_cannot_be_read_is_refused_in_one_line(string line, string fault)
    {
        var refused = await Assert.ThrowsAsync<StartupException>(() => CommandTree.RunAsync(line.Split(' '), TextWriter.Null));

        Assert.Equal([fault], refused.Faults);
    }

    [Fact]
    public void Several_settings_without_a_value_are_told_at_once()
    {
        var given = new GivenSettings();

        var refused = Assert.Throws<StartupException>(
            () => given.TakeFrom(["--Bind", "--demo", "--Api:Port"], CommandTree.Build(given)));

        Assert.Equal(["--Bind needs a value", "--Api:Port needs a value"], refused.Faults);
    }

    [Fact]
    public async Task Help_of_a_verb_tells_its_options_its_exit_codes_and_the_settings()
    {
        using var output = new StringWriter();

        Assert.Equal(0, await CommandTree.RunAsync(["audit", "--help"], output));

        foreach (var word in (string[])["--from", "--to", "--dry-run", "--json", "--server", "exit code 0", "--DataDirectory"])
            Assert.Contains(word, output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_tells_the_options_and_the_usual_settings(string option)
    {
        using var output = new StringWriter();

        Assert.Equal(0, await CommandTree.RunAsync([option], output));

        foreach (var word in (string[])["audit", "--demo ", "--demo-exit", "--version", "--DataDirectory", "--ClickHouse:Url"])
            Assert.Contains(word, output.ToString(), StringComparison.Ordinal);
    }
}
