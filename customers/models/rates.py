"""Exchange rates: what currencies are worth in the base currency, by date."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models

from customers.money import base_currency, rate_field, rate_text


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    def at(self, currency: str, at: datetime) -> Decimal | None:
        """What one unit of a currency was worth in base currency at a time; None if no rate is known.

        That is the newest rate not after that day (in UTC), or else the oldest there is.
        """
        if currency == base_currency():
            return Decimal(1)
        known = self.filter(currency=currency)
        day = at.astimezone(UTC).date()
        found = known.filter(date__lte=day).order_by("-date").first() or known.order_by("date").first()
        return found.rate if found is not None else None


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the base currency from a date on, until the next one."""

    currency = models.CharField(max_length=3, help_text="ISO 4217, like LKR")
    rate = rate_field(help_text="what one unit of it is worth in the base currency, like 0.0033")
    date = models.DateField(help_text="the first day on which it holds")

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["currency", "date"], name="exchange_rate_once")
        ]

    def __str__(self) -> str:
        return f"{self.currency} {rate_text(self.rate)} from {self.date}"
