using System.Globalization;
using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>
/// Reads prices: <c>2.50 per 1M</c>. The quantity is stated with every price, so that per-thousand and per-million never mix.
/// </summary>
internal static class PriceText
{
    public static UnitPrice? Read(YamlFields fields, YamlNode node, RateUnit unit, string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [var amount, "per", var quantity])
        {
            return Refused(RateCardFaultKind.BadDecimal, $"price of '{unit.Name}' is '{text}', must read like '2.50 per 1M'");
        }
        if (amount.StartsWith('-') && Rational.TryParseDecimal(amount.AsSpan(1), out _))
            return Refused(RateCardFaultKind.NegativePrice, $"price of '{unit.Name}' is negative: '{text}'");
        if (!Rational.TryParseDecimal(amount, out var value))
        {
            return Refused(RateCardFaultKind.BadDecimal,
                $"price of '{unit.Name}' is '{amount}', not a plain decimal such as 2.50");
        }
        var count = Quantity(quantity, unit);
        return count > 0 ? new UnitPrice(unit.Name, value, count) : Refused(RateCardFaultKind.BadDecimal,
            $"price of '{unit.Name}' is per '{quantity}', not a quantity such as 1, 1K, 1M, or a name that fits the unit");

        UnitPrice? Refused(RateCardFaultKind kind, string reason)
        {
            fields.Fault(node, kind, reason);
            return null;
        }
    }

    private static long Quantity(string quantity, RateUnit unit)
    {
        if (RateUnits.AmountOf(quantity, unit) is > 0 and var amount) return amount;
        var scale = quantity[^1] switch { 'K' => 1_000L, 'M' => 1_000_000L, 'B' => 1_000_000_000L, _ => 1L };
        var digits = scale == 1 ? quantity : quantity[..^1];
        if (scale == 1 && digits.Length is > 0 and <= 18)
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var plain) ? plain : 0;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count * scale : 0;
    }
}
