"""Query parameters for lists. Values that make no sense are refused with the reason, not ignored."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from unicodedata import category

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F
from django_filters.fields import IsoDateTimeField

# The largest id that both databases can store.
MAX_ID = 2**63 - 1


def id_in_path(digits: str) -> int:
    """The id that a path names. One with more digits than any id has is an id that no row has."""
    return min(int(digits[:20]), MAX_ID + 1)


def possible_ids(ids: Iterable[int]) -> list[int]:
    """Those of `ids` that a row can have; SQLite fails on a list with larger numbers."""
    return [pk for pk in ids if 0 < pk <= MAX_ID]


# The longest search text.
MAX_TEXT = 500
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def whole_number(text: str) -> int | None:
    """The number that a text of digits stands for; None for any other text, and for more than a database can hold."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))):
        return None
    return int(text) if int(text) <= MAX_ID else None


def has_trigram(word: str) -> bool:
    """Whether a trigram index can look for `word`: three letters, digits or marks stand side by side in it.

    A search without such a word reads row after row, so it needs a bound.
    """
    kinds = "".join(category(sign)[0] for sign in word)
    return re.search("[LNM]{3}", kinds) is not None


class FilterSet(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Builds only the filters whose parameters are given, because building all of them takes as long as a query.

    Every filter must have one parameter, and do nothing without it.
    """

    base_filters: dict[str, Any]

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            self.base_filters = {name: found for name, found in self.base_filters.items() if name in data}
        super().__init__(data, *args, **kwargs)

    def is_valid(self) -> bool:
        return not self.filters or super().is_valid()

    @property
    def qs(self) -> Any:
        return super().qs if self.filters else self.queryset


class Filter(django_filters.Filter):  # type: ignore[misc]  # django-filter has no types
    """One query parameter; subclasses name the form field that reads it, the type that it takes and the least value."""

    shape: Any = str
    least: int | None = None


class _BooleanField(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        found = _BOOLEANS.get(str(value).lower())
        if found is None:
            raise forms.ValidationError("Must be true or false.")
        return found


class BooleanFilter(Filter):
    """`true` or `false`. Anything else is refused; django-filter's own BooleanFilter ignores it."""

    shape = bool
    field_class = _BooleanField


class _IdField(forms.IntegerField):
    default_validators = [MinValueValidator(1), MaxValueValidator(MAX_ID)]
    widget = forms.TextInput


class IdFilter(Filter):
    """The id of a row. An unknown id matches nothing."""

    shape = int
    least = 1
    field_class = _IdField


class _IdsField(forms.Field):
    widget = forms.SelectMultiple  # reads a parameter that is given more than once

    MAX_IDS = 10

    def to_python(self, value: Any) -> list[int]:
        field = _IdField()
        ids = {field.clean(item) for part in value or () if part != "" for item in part.split(",")}
        if len(ids) > self.MAX_IDS:
            raise forms.ValidationError(f"Give at most {self.MAX_IDS} ids.")
        return sorted(ids)


class IdsFilter(Filter):
    """Up to ten ids, separated by commas or by repeating the parameter."""

    shape = list[int]
    least = 1
    field_class = _IdsField


class _CountField(forms.IntegerField):
    default_validators = [MinValueValidator(0), MaxValueValidator(MAX_ID)]
    widget = forms.TextInput


class CountFilter(Filter):
    """A whole number, 0 or greater."""

    shape = int
    least = 0
    field_class = _CountField


class _TimeField(IsoDateTimeField):  # type: ignore[misc]  # django-filter has no types
    def to_python(self, value: Any) -> Any:
        at = super().to_python(value)
        try:
            return at and at.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("This time is out of range.")


class TimeFilter(Filter):
    """A time with its zone, or a date, which stands for its start in UTC."""

    field_class = _TimeField


class _DateField(forms.DateField):
    default_error_messages = {"invalid": "Give a date like 2026-01-31."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_python(self, value: Any) -> Any:
        day = super().to_python(value)
        return day and datetime(day.year, day.month, day.day, tzinfo=UTC)


class DateFilter(Filter):
    """A date, which stands for its start in UTC."""

    shape = date
    field_class = _DateField


class TextFilter(django_filters.CharFilter):  # type: ignore[misc]  # django-filter has no types
    """A search text. Its length is limited because SQLite fails on a LIKE pattern of more than 50,000 bytes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TEXT, **kwargs)


class MoneyFilter(Filter):
    """An amount of money, with at most four decimals and as large as the database can store."""

    shape = float
    least = 0
    field_class = forms.DecimalField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=22, decimal_places=4, min_value=0, **kwargs)


class _OrderingField(forms.Field):
    def __init__(self, *, known: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def to_python(self, value: Any) -> list[str]:
        words = [word.strip() for word in (value or "").split(",") if word.strip()]
        unknown = [word for word in words if word.removeprefix("-") not in self.known]
        if unknown:
            allowed = ", ".join(self.known)
            raise forms.ValidationError(f"Cannot order by {', '.join(unknown)}. Choose from: {allowed}.")
        return words[: len(self.known)]


class OrderingFilter(Filter):
    """`?ordering=name,-created_at`. `orders` maps each word to the columns or expressions it orders by.

    Rows that are equal in these are ordered by `tie`, or, if there is none, by id in the direction of the last word, so
    that one index serves both directions.
    """

    field_class = _OrderingField

    def __init__(self, orders: Mapping[str, Sequence[Any]], *, tie: str | None = None) -> None:
        label = f"{', '.join(orders)}; with a minus in front for descending order, several separated by commas"
        super().__init__(label=label, known=tuple(orders))
        self.orders = {name: [F(part) if isinstance(part, str) else part for part in by] for name, by in orders.items()}
        self.tie = tie

    def filter(self, queryset: Any, value: list[str] | None) -> Any:
        if not value:
            return queryset
        by = [order for word in value for order in self._order(word)]
        last = "-id" if value[-1].startswith("-") else "id"
        return queryset.order_by(*by, self.tie or last)

    def _order(self, word: str) -> Iterator[Any]:
        for part in self.orders[word.removeprefix("-")]:
            # Only for columns with nulls, because PostgreSQL cannot read an index backwards for it.
            nulls_last = {"nulls_last": True} if isinstance(part, NullsLast) else {}
            column = F(part.name) if isinstance(part, NullsLast) else part
            yield column.desc(**nulls_last) if word.startswith("-") else column.asc(**nulls_last)


@dataclass(frozen=True)
class NullsLast:
    """For OrderingFilter: a column that may be null. Rows without a value come last in both directions."""

    name: str
