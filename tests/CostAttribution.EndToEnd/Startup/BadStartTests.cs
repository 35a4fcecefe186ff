using System.Net;
using System.Net.Sockets;
using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>Everything an operator can get wrong before the server runs is told in a line of its own that says what to do.</summary>
public sealed class BadStartTests : IDisposable
{
    private readonly TempDirectory directory = new();

    [Theory]
    [InlineData("--Otlp:GrpcProt", "1", "unknown setting Otlp:GrpcProt", "GrpcPort")]
    [InlineData("--Otpl:GrpcPort", "1", "unknown setting Otpl", "Otlp")]
    [InlineData("--Api:Prot", "1", "unknown setting Api:Prot", "Port")]
    [InlineData("--Otlp:Tls:Certificate", "x", "unknown setting Otlp:Tls:Certificate", "CertificatePath")]
    [InlineData("--Attribution:Dimensions:customer:Key:0", "x", "unknown setting Attribution:Dimensions:customer:Key", "FallbackKeys")]
    [InlineData("--Logging:LogLevel:Default", "Loud", "Logging:LogLevel:Default", "Warning")]
    [InlineData("--Bind", "192.0.2.1", "Bind", "address of this machine")]
    [InlineData("--data", "x", "unknown setting data", "DataDirectory")]
    [InlineData("--Assembly:SettledQuiet", "soon", "Assembly:SettledQuiet", "soon")]
    [InlineData("--Otlp:RequestBytesMax", "1", "Otlp:RequestBytesMax", "65536")]
    [InlineData("--Bind", "nowhere", "Bind", "127.0.0.1")]
    [InlineData("--Api:Port", "99999", "Api:Port", "65535")]
    [InlineData("--ClickHouse:Mode", "Remote", "ClickHouse:Url", "http://")]
    [InlineData("--RateCards:Directory", "nowhere", "RateCards:Directory", "does not exist")]
    public async Task A_wrong_setting_is_named_with_what_it_may_be(string setting, string value, params string[] words)
    {
        var run = await RunAsync(setting, value);

        run.FailedWith(words);
    }

    [Fact]
    public async Task All_wrong_settings_are_told_at_once()
    {
        var run = await RunAsync("--Bind", "nowhere", "--NodeId", "no spaces", "--Otlp:RequestBytesMax", "1");

        run.FailedWith(["NodeId"], ["Bind"], ["Otlp:RequestBytesMax"]);
    }

    [Theory]
    [InlineData("Otlp:GrpcPort")]
    [InlineData("Otlp:HttpPort")]
    [InlineData("Api:Port")]
    [InlineData("ClickHouse:HttpPort")]
    public async Task A_port_in_use_is_named_with_the_setting_that_moves_it(string setting)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString();

        var run = await RunAsync("--" + setting, port);

        run.FailedWith([setting, port, "taken"]);
    }

    [Fact]
    public async Task An_unreachable_store_is_named_with_its_settings()
    {
        var run = await RunAsync("--ClickHouse:Mode", "Remote", "--ClickHouse:Url", "http://127.0.0.1:9");

        run.FailedWith(["http://127.0.0.1:9", "cannot be reached", "ClickHouse:Url"]);
    }

    [Theory]
    [InlineData(200, "<html>\n<body>hello</body>\n</html>", false, "is not ClickHouse")]
    [InlineData(200, "<html>\n<body>hello</body>\n</html>", true, "is not ClickHouse")]
    [InlineData(404, "<html>\n<body>not here</body>\n</html>", false, "cannot be used")]
    [InlineData(200, "21.1.9.41\n", true, "too old")]
    public async Task A_store_that_is_something_else_or_too_old_is_refused(int status, string answer, bool isClickHouse, string words)
    {
        await using var store = new FakeStore(status, answer, isClickHouse);

        var run = await RunAsync("--ClickHouse:Mode", "Remote", "--ClickHouse:Url", store.Url);

        run.FailedWith([store.Url, words]);
    }

    [Fact]
    public async Task Every_fault_of_a_rate_card_is_told_with_file_and_line()
    {
        directory.File("broken.yaml", "format: [\n");
        directory.File("wrong.yaml", "format: 1\nprovider: acme\ncards:\n  - id: acme/x\n    match: [x]\n    rates: { input_tokens: cheap }\n");

        var run = await RunAsync("--RateCards:Directory", directory.Path);

        run.FailedWith(["rate card", "broken.yaml:"], ["rate card", "wrong.yaml:6", "cheap"]);
    }

    [Fact]
    public async Task A_data_directory_in_use_is_left_to_the_server_that_has_it()
    {
        await using var server = await ServerProcess.StartAsync(directory);

        var run = await RunAsync();

        run.FailedWith(["in use by another process", "DataDirectory"]);
        Assert.Equal(HttpStatusCode.OK, await server.Api.StatusAsync("/health/ready"));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("data/below")]
    public async Task A_data_directory_that_cannot_be_written_is_named(string dataDirectory)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix file modes");
        Directory.CreateDirectory(Path.Combine(directory.Path, "data"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(directory.Path, "data"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var start = ServerProgram.Start(directory.Path, [.. ServerRun.AnyPorts, "--DataDirectory", dataDirectory]);
        ServerProgram.WithoutSuperuserRights(start);

        var run = await ServerRun.ToEndAsync(start, TimeSpan.FromSeconds(60));

        run.FailedWith(["DataDirectory", dataDirectory, "denied"]);
    }

    [Fact]
    public async Task A_settings_file_that_is_no_json_is_named()
    {
        var path = directory.File("appsettings.json", "{ \"Otlp\": ");

        var run = await RunAsync();

        run.FailedWith(["settings cannot be read", path]);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("data/journal")]
    [InlineData("data/postings")]
    [InlineData("data/store")]
    public async Task A_data_directory_with_a_file_in_the_way_is_named(string file)
    {
        if (file != "data") Directory.CreateDirectory(Path.Combine(directory.Path, "data"));
        directory.File(file, "");

        var run = await RunAsync();

        run.FailedWith(["DataDirectory"]);
    }

    public void Dispose() => directory.Dispose();

    private Task<ServerRun> RunAsync(params string[] settings) =>
        ServerRun.ToEndAsync(directory, [.. ServerRun.AnyPorts, "--DataDirectory", Path.Combine(directory.Path, "data"), .. settings]);
}
