"""Amounts of money: in which currency they count, how they are shown, and how large they may be.

Totals, tiers, filters and figures count in one currency, the setting BASE_CURRENCY. An order keeps what it came with,
and besides what that is worth in the base currency.
"""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from django.conf import settings

from core.currencies import CURRENCIES
from core.db.amounts import AmountField

# Digits before the decimal point.
AMOUNT_DIGITS = 15
TOTAL_DIGITS = 18
RATE_DIGITS = 12
# Digits behind it: the most that any currency has, and what one unit of a small currency is worth in a large one.
DECIMALS = 4
RATE_DECIMALS = 18

ZERO = Decimal(0)

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)


def amount_field(**options: Any) -> AmountField:
    """The column of an amount or a total."""
    return AmountField(max_digits=TOTAL_DIGITS + DECIMALS, decimal_places=DECIMALS, **options)


def rate_field(**options: Any) -> AmountField:
    """The column of what one unit of a currency is worth in base currency."""
    return AmountField(max_digits=RATE_DIGITS + RATE_DECIMALS, decimal_places=RATE_DECIMALS, **options)


def base_currency() -> str:
    """The currency in which totals count."""
    code: str = settings.BASE_CURRENCY
    return code


def decimals_of(currency: str) -> int:
    """How many decimals an amount in this currency has; 2 for one from before they were checked."""
    return CURRENCIES.get(currency, 2)


def fits(amount: Decimal, digits: int) -> bool:
    """Whether an amount has at most so many digits before the decimal point."""
    return amount.is_zero() or amount.adjusted() < digits


def finer_than(amount: Decimal, places: int) -> bool:
    """Whether an amount has more than so many decimals, zeros at the end aside."""
    if amount.is_zero() or amount.adjusted() < -places:
        return not amount.is_zero()
    return len(f"{amount:f}".partition(".")[2].rstrip("0")) > places


def in_base(amount: Decimal, rate: Decimal) -> Decimal:
    """What an amount is worth, rounded half to even to the decimals of the base currency."""
    return _EXACT.quantize(_EXACT.multiply(amount, rate), _unit(base_currency()))


def shown(amount: Decimal, currency: str) -> str:
    """An amount as the API shows it, with the decimals of its currency: `12.50`, or `1250` yen.

    One from before decimals were checked may have more, and shows them.
    """
    places = decimals_of(currency)
    return f"{amount.normalize(_EXACT):f}" if finer_than(amount, places) else f"{amount:.{places}f}"


def money(amount: Decimal) -> str:
    """An amount in base currency as the API shows it."""
    return shown(amount, base_currency())


def average(total: Decimal, count: int) -> str:
    """The average of `count` orders in base currency, rounded half up; `0.00` without any."""
    each = _EXACT.divide(total, Decimal(count)) if count else Decimal(0)
    return money(each.quantize(_unit(base_currency()), ROUND_HALF_UP, _EXACT))


def rate_text(rate: Decimal) -> str:
    """A rate as the API shows it, without zeros at its end: `0.0033`."""
    return f"{rate.normalize(_EXACT):f}"


def _unit(currency: str) -> Decimal:
    """The smallest amount of a currency."""
    return Decimal(1).scaleb(-decimals_of(currency))
