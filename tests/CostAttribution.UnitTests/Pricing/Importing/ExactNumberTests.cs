using CostAttribution.RateCards.Importing;
using FsCheck;
using FsCheck.Fluent;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class ExactNumberTests
{
    [Theory]
    [InlineData("1.5e-07", "0.00000015")]
    [InlineData("1.5E-7", "0.00000015")]
    [InlineData("2e+3", "2000")]
    [InlineData("0.1", "0.1")]
    [InlineData("3", "3")]
    [InlineData("0.18000000000000002", "0.18000000000000002")]
    [InlineData("7.999999999999999e-08", "0.00000007999999999999999")]
    [InlineData("0e-9", "0")]
    public void A_json_number_is_read_to_its_last_digit(string json, string plain)
    {
        Assert.True(ExactNumber.TryRead(json, out var value, out _));
        Assert.Equal(plain, ExactNumber.ToPlain(value));
    }

    [Theory]
    [InlineData("-1e-06", "negative")]
    [InlineData("1e-400", "exponent beyond 40")]
    [InlineData("1e999999999999", "exponent beyond 40")]
    [InlineData("0.12345678901234567890123456789012345678901", "more than 40 digits")]
    [InlineData("1.2.3", "not a number")]
    [InlineData("e5", "not a number")]
    public void What_is_no_price_is_told_with_its_reason(string json, string fault)
    {
        Assert.False(ExactNumber.TryRead(json, out _, out var reason));
        Assert.Equal(fault, reason);
    }

    [Fact]
    public void Any_decimal_with_any_exponent_is_the_same_number_as_its_plain_form() => Prop.ForAll(
        (from digits in Gen.Choose(0, 999_999_999) from exponent in Gen.Choose(-15, 5) select (digits, exponent)).ToArbitrary(), given =>
    {
        Assert.True(ExactNumber.TryRead($"{given.digits}e{given.exponent}", out var value, out _));
        Assert.True(ExactNumber.TryRead(ExactNumber.ToPlain(value)!, out var plain, out _));
        Assert.Equal(value, plain);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2", "3", "+50.0 %")]
    [InlineData("3", "2", "-33.3 %")]
    [InlineData("0", "2", "from nothing")]
    public void A_change_is_told_in_percent(string before, string after, string percent)
    {
        Assert.True(ExactNumber.TryRead(before, out var from, out _) & ExactNumber.TryRead(after, out var to, out _));
        Assert.Equal(percent, ExactNumber.Percent(from, to));
    }
}
