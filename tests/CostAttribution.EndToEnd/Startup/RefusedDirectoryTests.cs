using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>A data directory that the program may not use is named with what to do, and not a byte in it is changed.</summary>
public sealed class RefusedDirectoryTests : IDisposable
{
    private readonly TempDirectory directory = new();

    private string Data => Path.Combine(directory.Path, "data");

    [Fact]
    public async Task Files_of_a_newer_version_and_of_another_node_are_refused_and_left_alone()
    {
        await MakeDataAsync();
        var bookmark = Path.Combine(Data, "journal", "bookmark");
        var sound = await File.ReadAllBytesAsync(bookmark, TestContext.Current.CancellationToken);

        await RefusedAsync(["belongs to node 'node-1'", "set the node id to 'node-1' or another DataDirectory"], "--NodeId", "node-2");

        await File.WriteAllBytesAsync(bookmark, Newer(sound, crcOffset: 32), TestContext.Current.CancellationToken);
        await RefusedAsync(["bookmark has format version 2", "start the newer version again", "another DataDirectory"]);
        await File.WriteAllBytesAsync(bookmark, sound, TestContext.Current.CancellationToken);

        var posting = new byte[144];
        Convert.FromHexString("894341500D0A1A0A").CopyTo(posting, 0);
        var file = Path.Combine(Data, "postings", "node-1-1.pending");
        await File.WriteAllBytesAsync(file, Newer(posting, crcOffset: 140), TestContext.Current.CancellationToken);
        await RefusedAsync(["node-1-1.pending has format version 2", "start the newer version again"]);
        File.Delete(file);

        await using var again = await ServerProcess.StartAsync(directory);
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("postings")]
    [InlineData("store")]
    public async Task A_part_of_the_data_directory_that_cannot_be_written_is_named(string part)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Unix file modes and setpriv");
        await MakeDataAsync();
        if (OperatingSystem.IsLinux())
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(Path.Combine(Data, part), "*", SearchOption.AllDirectories)
                .Where(path => File.ResolveLinkTarget(path, returnFinalTarget: false) is null).Append(Path.Combine(Data, part)))
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        var start = ServerProgram.Start(directory.Path, [.. ServerRun.AnyPorts, "--DataDirectory", Data]);
        ServerProgram.WithoutSuperuserRights(start);

        var run = await ServerRun.ToEndAsync(start, TimeSpan.FromSeconds(60));

        run.FailedWith([Data, "denied"]);
    }

    [Fact]
    public async Task A_store_that_another_process_has_open_is_left_to_it()
    {
        await using var server = await ServerProcess.StartAsync(directory);
        var other = Directory.CreateDirectory(Path.Combine(directory.Path, "other")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(other, "store"), Path.Combine(Data, "store"));

        var run = await ServerRun.ToEndAsync(directory, [.. ServerRun.AnyPorts, "--DataDirectory", other]);

        run.FailedWith(["store is in use by another process", "choose another DataDirectory"]);
        Assert.Equal(HttpStatusCode.OK, await server.Api.StatusAsync("/health/ready"));
    }

    public void Dispose() => directory.Dispose();

    private async Task MakeDataAsync()
    {
        await using var server = await ServerProcess.StartAsync(directory);
        await server.StopAsync(TimeSpan.FromSeconds(60));
    }

    private async Task RefusedAsync(string[] words, params string[] settings)
    {
        var before = Snapshot();

        var run = await ServerRun.ToEndAsync(directory, [.. ServerRun.AnyPorts, "--DataDirectory", Data, .. settings]);

        run.FailedWith(words);
        Assert.Equal(before, Snapshot());
    }

    private List<string> Snapshot() => [.. Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}")];

    /// <summary>The same head with version 2 and the checksum that goes with it.</summary>
    private static byte[] Newer(byte[] content, int crcOffset)
    {
        var newer = (byte[])content.Clone();
        newer[8] = 2;
        var crc = uint.MaxValue;
        foreach (var one in newer.AsSpan(0, crcOffset)) crc = BitOperations.Crc32C(crc, one);
        BinaryPrimitives.WriteUInt32LittleEndian(newer.AsSpan(crcOffset), ~crc);
        return newer;
    }
}
