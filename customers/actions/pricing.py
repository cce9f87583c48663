"""What an order is worth in the base currency, when it comes in or changes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework.exceptions import ValidationError

from customers.models import ExchangeRate, Order
from customers.money import TOTAL_DIGITS, base_currency, decimals_of, finer_than, fits

TOO_MUCH = f"The customer's total would have more than {TOTAL_DIGITS} digits."


def set_prices(order: Order, fields: Mapping[str, Any]) -> None:
    """Set the fields of an order that is not saved yet, and its rate.

    A rate among the fields is taken. Else an order that has one keeps it, unless its currency changes, and the others
    get the one that is known for the day they were placed. Raises ValidationError for decimals that the currency does
    not have, for a currency without a rate, and for a rate of the base currency other than 1.
    """
    was = (order.total, order.currency)
    same_currency = order.pk is not None and fields.get("currency", order.currency) == order.currency
    kept = order.exchange_rate if same_currency else None
    for field, value in fields.items():
        setattr(order, field, value)
    order.total = Decimal(order.total)
    if order.pk is None or (order.total, order.currency) != was:
        _check_decimals(order.total, order.currency)
    order.exchange_rate = _rate(order, fields.get("exchange_rate") or kept)
    if order.exchange_rate is None and not same_currency:
        text = f"No exchange rate for {order.currency}. Send exchange_rate with the order, or import rates."
        raise ValidationError({"currency": [text]})
    order.price()
    if not fits(order.base_total, TOTAL_DIGITS):
        raise ValidationError({"total": [TOO_MUCH]})


def _rate(order: Order, given: Decimal | None) -> Decimal | None:
    if order.currency == base_currency():
        if given not in (None, 1):
            raise ValidationError({"exchange_rate": [f"{order.currency} is the base currency: its rate is 1."]})
        return Decimal(1)
    return given if given is not None else ExchangeRate.objects.at(order.currency, order.placed_at)


def _check_decimals(total: Decimal, currency: str) -> None:
    places = decimals_of(currency)
    if finer_than(total, places):
        most = f"with at most {places} decimals" if places else "without decimals"
        raise ValidationError({"total": [f"Give an amount in {currency} {most}."]})
