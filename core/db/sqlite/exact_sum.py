"""A sum for SQLite that does not count with floats."""

from decimal import Context, Decimal
from typing import Any

_EXACT = Context(prec=60)


class ExactSum:
    """The SQL function EXACT_SUM: adds decimals that are stored as text."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: Any) -> None:
        """Add the value of one row."""
        if value is not None:
            self.total = _EXACT.add(self.total or Decimal(0), Decimal(str(value)))

    def finalize(self) -> str | None:
        """The sum as text; null if there was nothing to add."""
        return None if self.total is None else f"{self.total:f}"
