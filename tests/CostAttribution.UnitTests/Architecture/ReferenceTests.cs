using System.Xml.Linq;

namespace CostAttribution.UnitTests.Architecture;

/// <summary>ARCHITECTURE.md's table of who may refer to whom, held against the project files.</summary>
public sealed class ReferenceTests
{
    [Theory]
    [InlineData("Domain", "")]
    [InlineData("Journal", "")]
    [InlineData("RateCards", "Domain")]
    [InlineData("Otlp", "Domain")]
    [InlineData("ClickHouse", "Domain")]
    [InlineData("Workload", "Domain")]
    [InlineData("Ingest", "Domain RateCards Otlp Journal ClickHouse")]
    [InlineData("Api", "Domain ClickHouse")]
    [InlineData("Server", "Domain RateCards Otlp Journal ClickHouse Ingest Api Workload")]
    public void A_project_refers_only_to_what_stands_below_it(string project, string allowed)
    {
        var references = Items(project, "ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path).Replace("CostAttribution.", "", StringComparison.Ordinal));

        Assert.Empty(references.Except(allowed.Split(' ')));
    }

    [Fact]
    public void Mediator_and_validation_packages_stay_in_the_control_plane()
    {
        var users = Repository.Files("src", ".csproj").Where(path => Items(path, ["MediatR", "FluentValidation"]).Any());

        Assert.Equal(["CostAttribution.Api.csproj"], users.Select(Path.GetFileName));
    }

    [Fact]
    public void Generated_protobuf_classes_stay_in_the_tests() =>
        Assert.DoesNotContain(Repository.Files("src", ".csproj"), path => Items(path, ["Google.Protobuf", "Grpc.Tools"]).Any());

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "CostAttribution.sln"));

        foreach (var path in Repository.Files("src", ".csproj").Concat(Repository.Files("tests", ".csproj")))
            Assert.Contains(Path.GetFileName(path), solution, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Items(string project, string item) =>
        XDocument.Load(Path.Combine(Repository.Root, "src", $"CostAttribution.{project}", $"CostAttribution.{project}.csproj"))
            .Descendants(item).Select(element => element.Attribute("Include")!.Value.Replace('\\', '/'));

    private static IEnumerable<string> Items(string path, string[] packages) =>
        XDocument.Load(path).Descendants("PackageReference").Select(element => element.Attribute("Include")!.Value)
            .Where(packages.Contains);
}
