namespace CostAttribution.Workload.Dialects;

/// <summary>The dialects that take part; one that does not is replaced by plain conventions.</summary>
internal sealed class DialectBook
{
    private readonly Dictionary<DialectSet, Dialect> _bySet;
    private readonly DialectSet _enabled;
    private readonly SemconvDialect _plain = new();

    public DialectBook(DialectSet enabled)
    {
        _enabled = enabled;
        Dialect[] all =
        [
            _plain, new SemconvOldDialect(), new AnthropicSdkDialect(_plain), new Vercel6Dialect(), new Vercel7Dialect(),
            new OpenInferenceDialect(), new ExtensionsAiDialect(), new LiteLlmDialect(), new StrandsDialect(),
        ];
        _bySet = all.ToDictionary(dialect => dialect.Set);
    }

    public Dialect Get(DialectSet wanted) => _enabled.HasFlag(wanted) ? _bySet[wanted] : _plain;
}
