using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// What is written down several times: a file that is published again holds mostly what it held before. What was learnt at the
/// same instant and says the same counts once; what says something else goes on being a contradiction.
/// </summary>
public static class SourceRepeats
{
    /// <summary>The sources without repetitions; the first of each stays.</summary>
    public static RateSources Without(RateSources sources) => sources with
    {
        Cards = Once(sources.Cards, card => card.Id, card => card.RecordedAtNanos, TextOf),
        FxRates = Once(sources.FxRates, rate => $"{rate.Currency} {rate.FromNanos}", rate => rate.RecordedAtNanos,
            rate => rate.Usd.ToString()),
        Withdrawals = Once(sources.Withdrawals, gone => gone.Id, gone => gone.RecordedAtNanos, _ => ""),
        Terms = Once(sources.Terms, term => term.Id, term => term.RecordedAtNanos,
            term => Text(json => SettlementText.WriteTerm(json, term))),
        ReportedCosts = Once(sources.ReportedCosts, rule => rule.Id, rule => rule.RecordedAtNanos,
            rule => Text(json => SettlementText.WriteReported(json, rule))),
        CostRules = Once(sources.CostRules, rule => rule.Name, rule => rule.RecordedAtNanos,
            rule => Text(json => SettlementText.WriteRule(json, rule))),
    };

    /// <summary>Whether two versions of a card price alike.</summary>
    public static bool PriceAlike(RateCard one, RateCard other) => TextOf(one) == TextOf(other);

    private static string TextOf(RateCard card) => Text(json =>
    {
        json.WriteStartArray("card");
        RateCardText.Write(json, card, new RateBookText.Extensions());
        json.WriteEndArray();
    });

    private static string Text(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static List<T> Once<T>(IReadOnlyList<T> all, Func<T, string> name, Func<T, long> learnt, Func<T, string> text)
    {
        var kept = new List<T>(all.Count);
        foreach (var same in all.GroupBy(one => (name(one), learnt(one))))
        {
            var texts = new HashSet<string>(StringComparer.Ordinal);
            var alone = same.Take(2).Count() == 1;
            kept.AddRange(alone ? same : same.Where(one => texts.Add(text(one))));
        }
        return kept;
    }
}
