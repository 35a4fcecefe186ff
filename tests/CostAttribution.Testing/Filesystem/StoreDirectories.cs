using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Testing.Filesystem;

/// <summary>The two kinds of directory that tests run on, so that the one in memory is held against the real one.</summary>
public static class StoreDirectories
{
    /// <summary>Runs the test on a directory in memory and on a temporary directory, which is deleted afterwards.</summary>
    public static void OnEach(Action<StoreDirectory> test)
    {
        var disk = new MemoryDisk();
        test(disk.Root);
        if (disk.OpenFiles != 0) throw new InvalidOperationException($"{disk.OpenFiles} files were left open");
        OnReal(test);
    }

    /// <summary>Runs the test on a temporary directory alone.</summary>
    public static void OnReal(Action<StoreDirectory> test)
    {
        var path = Directory.CreateTempSubdirectory("cost-attribution-").FullName;
        try
        {
            test(SystemDirectory.Open(path));
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
