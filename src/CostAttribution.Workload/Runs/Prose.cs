namespace CostAttribution.Workload.Runs;

/// <summary>Text that looks like a prompt and means nothing.</summary>
internal static class Prose
{
    private const string Sentences =
        "Please compare the delivery note with the order and say which lines differ. The customer asks for a refund of the "
        + "second item, which arrived two days late. Summarise the clause on early termination in plain words. Keep the answer "
        + "short, name the source of every figure, and do not promise a date. If the stock is below ten sacks, propose a "
        + "replacement roast with a similar profile. Explain the change to a new colleague who has not seen this code before. ";

    public static string Take(WorkloadRandom random, int bytes)
    {
        if (bytes <= 0) return "";
        var offset = random.Between(0, Sentences.Length - 1);
        return string.Create(bytes, offset, static (text, start) =>
        {
            for (var i = 0; i < text.Length; i++) text[i] = Sentences[(start + i) % Sentences.Length];
        });
    }
}
