"""Amounts of money in the database, exact to the last digit on both databases.

SQLite has no decimals: it keeps 15 digits of a number. There an amount is text, with zeros before it, so that it sorts
as its number does. On PostgreSQL it is `numeric` without a precision: how many decimals there are is the currency's
business, and columns that had fewer digits become such ones without being written anew.
"""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Sum

# Amounts are read with as many decimals as they need, and these at least.
_USUAL_DECIMALS = 2


class AmountField(models.DecimalField):  # type: ignore[type-arg]  # generic in the stubs only
    """A decimal that is not negative. `max_digits` and `decimal_places` are the most that fits."""

    def get_internal_type(self) -> str:
        """A type of its own: Django takes what SQLite has in a DecimalField for a float."""
        return "AmountField"

    def db_type(self, connection: Any) -> str:
        """The type of the column."""
        return "text" if connection.vendor == "sqlite" else "numeric"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        """The number that a column holds."""
        return None if value is None else tidy(Decimal(str(value)))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """What is compared with the column."""
        value = value if prepared else self.get_prep_value(value)
        if value is None or hasattr(value, "as_sql") or connection.vendor != "sqlite":
            return value
        return padded(value, self.max_digits, self.decimal_places)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """What is written to the column."""
        return value if hasattr(value, "as_sql") else self.get_db_prep_value(value, connection)


class AmountSum(Sum):
    """The sum of an AmountField. Django's own is a float on SQLite."""

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """The sum by core/db/sqlite/exact_sum.py."""
        return self.as_sql(compiler, connection, function="EXACT_SUM", **extra)


def padded(value: Decimal, digits: int, places: int) -> str:
    """An amount as SQLite stores it. Raises ValueError for a negative one, and for one with too many digits."""
    text = f"{value.copy_abs():.{places}f}".zfill(digits + 1)  # zero may have a sign
    if value < 0 or len(text) > digits + 1:
        raise ValueError(f"{value} does not fit.")
    return text


def tidy(value: Decimal) -> Decimal:
    """The same number without zeros at its end, down to the usual two decimals."""
    whole, _, decimals = f"{value:f}".partition(".")
    return Decimal(f"{whole}.{decimals.rstrip('0').ljust(_USUAL_DECIMALS, '0')}")
