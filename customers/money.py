"""Amounts of money: how they are shown, and how large they may be."""

from decimal import ROUND_HALF_UP, Decimal

# What the column total_spent holds.
MAX_AMOUNT = Decimal("9999999999.99")


def money(amount: Decimal) -> str:
    """An amount as the API shows it: `12.50`."""
    return f"{amount:.2f}"


def average(total: Decimal, count: int) -> str:
    """The average of `count` orders, rounded half up; `0.00` without any."""
    each = total / count if count else Decimal(0)
    return money(each.quantize(Decimal("0.01"), ROUND_HALF_UP))
