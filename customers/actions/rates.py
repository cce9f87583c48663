"""Exchange rates: entered one by one, or taken from a CSV file. Orders that have a rate keep it."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from accounts.audit import audit
from accounts.models import User
from core.changes import changed, gone, made, state
from core.currencies import CURRENCIES
from customers.models import ExchangeRate
from customers.money import RATE_DECIMALS, RATE_DIGITS, base_currency, finer_than, fits

COLUMNS = ("currency", "rate", "date")
# How many mistakes in a file are named.
_MISTAKES = 20
_BATCH = 1_000
_DECIMAL_COMMA = re.compile(r"\d*,\d+", re.ASCII)


def checked_currency(text: str) -> str:
    """The code of a currency that needs rates. Raises ValidationError for the base currency and for what is none."""
    code = text.strip().upper()
    if code not in CURRENCIES:
        raise ValidationError(f"{text.strip() or 'An empty text'} is no currency of ISO 4217. Give one like LKR.")
    if code == base_currency():
        raise ValidationError(f"{code} is the base currency and needs no rate.")
    return code


def checked_rate(rate: Decimal) -> Decimal:
    """A rate. Raises ValidationError for one that is not above 0 or has more digits than are kept."""
    if not rate.is_finite() or rate <= 0:
        raise ValidationError("Give a rate above 0.")
    if not fits(rate, RATE_DIGITS) or finer_than(rate, RATE_DECIMALS):
        raise ValidationError(
            f"Give a rate with at most {RATE_DIGITS} digits before and {RATE_DECIMALS} after the decimal point."
        )
    return rate


def save_rate(*, actor: User, known: ExchangeRate | None = None, **fields: Any) -> ExchangeRate:
    """Add a rate, or change a known one, and return it. Raises ValidationError if the currency has one of that day."""
    new = known is None
    rate = known or ExchangeRate()
    before = {} if new else state(rate, *fields)
    for field, value in fields.items():
        setattr(rate, field, value)
    try:
        with transaction.atomic():
            rate.save()
            if new:
                audit("rate_added", rate, actor=actor, changes=made(rate, *fields))
            elif changes := changed(before, fields):
                audit("rate_changed", rate, actor=actor, changes=changes)
    except IntegrityError:
        raise ValidationError({"date": [f"There is a rate for {rate.currency} from this day on already. Change it."]})
    return rate


@transaction.atomic
def delete_rate(*, rate: ExchangeRate, actor: User) -> None:
    """Delete a rate. Orders that have it keep it."""
    audit("rate_deleted", rate, actor=actor, changes=gone(rate, *COLUMNS))
    rate.delete()


@transaction.atomic
def import_rates(lines: Iterable[str], *, actor: User | None) -> int:
    """Take rates from the lines of a CSV file with the columns currency, rate and date; return how many.

    A rate that is known for a currency and day is replaced. Lines of the base currency with the rate 1 are skipped.
    Raises ValidationError, which names the wrong lines; then nothing has changed. `actor` None means a command.
    """
    rates = _read(lines)
    for start in range(0, len(rates), _BATCH):
        ExchangeRate.objects.bulk_create(
            rates[start : start + _BATCH],
            update_conflicts=True,
            unique_fields=["currency", "date"],
            update_fields=["rate"],
        )
    audit("rates_imported", actor=actor, changes={"rates": {"old": None, "new": len(rates)}})
    return len(rates)


def _read(lines: Iterable[str]) -> list[ExchangeRate]:
    rates: dict[tuple[str, date], ExchangeRate] = {}
    mistakes: list[str] = []
    for number, row in _rows(lines):
        try:
            rate = _rate(row)
        except ValidationError as error:
            mistakes += [f"Line {number}: {text}" for text in _texts(error)]
            continue
        if rate is None:
            continue
        if (rate.currency, rate.date) in rates:
            mistakes.append(f"Line {number}: {rate.currency} has two rates from {rate.date} on.")
        rates[rate.currency, rate.date] = rate
    if mistakes:
        more = [f"There are {len(mistakes) - _MISTAKES} more mistakes."] if len(mistakes) > _MISTAKES else []
        raise ValidationError({"file": mistakes[:_MISTAKES] + more})
    if not rates:
        raise ValidationError({"file": ["The file has no rates."]})
    return list(rates.values())


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with the numbers of their lines, by the names in the first line. Raises ValidationError."""
    every = iter(lines)
    first = next(every, "").removeprefix("\ufeff")
    delimiter = max(",;\t", key=first.count)
    names = [name.strip().strip('"').lower() for name in first.strip().split(delimiter)]
    if missing := [column for column in COLUMNS if column not in names]:
        raise ValidationError({"file": [f"The first line must name the columns {', '.join(missing)}."]})
    reader = csv.DictReader(every, fieldnames=names, delimiter=delimiter, restval="")
    try:
        for row in reader:
            if any(str(value).strip() for value in row.values()):
                yield reader.line_num + 1, row | {"rate": _with_point(row["rate"], delimiter)}
    except csv.Error as error:
        raise ValidationError({"file": [f"Line {reader.line_num + 1}: {error}."]})


def _with_point(number: str, delimiter: str) -> str:
    """A number as Python reads it. Where Excel puts semicolons between the fields, it writes `0,0033`."""
    return number.replace(",", ".") if delimiter != "," and _DECIMAL_COMMA.fullmatch(number.strip()) else number


def _rate(row: dict[str, str]) -> ExchangeRate | None:
    """The rate of a row; None for that of the base currency."""
    try:
        value = Decimal(row["rate"].strip().replace("_", "?"))  # Python reads 1_000 as a thousand
    except InvalidOperation:
        raise ValidationError(f"{row['rate']!r} is no rate. Write it like 0.0033.")
    if row["currency"].strip().upper() == base_currency() and value == 1:
        return None
    try:
        day = date.fromisoformat(row["date"].strip())
    except ValueError:
        raise ValidationError(f"{row['date']!r} is no date. Write it like 2026-01-31.")
    return ExchangeRate(currency=checked_currency(row["currency"]), rate=checked_rate(value), date=day)


def _texts(error: ValidationError) -> list[str]:
    found: Any = error.detail
    return [str(text) for text in found]
