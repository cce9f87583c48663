"""What counts as the same text: when people search, and when a name must be the only one of its kind.

What is compared stands in columns of its own, beside what is shown, in the form that `folded` and `same_name` give it.
These are written whenever the row is: by `save`, `create`, `bulk_create` and core/db/compiled.py's `Insert` through the
fields below, by `update` through FoldedQuerySet. Null means: not folded yet, because another version of Patter or
somebody with SQL wrote the row. The relay finds these rows (core/unfolded.py).
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, TypeVar
from unicodedata import combining, normalize

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

if TYPE_CHECKING:
    _TextField = models.TextField[str | None, str | None]
else:
    _TextField = models.TextField  # takes no type arguments when it runs

logger = logging.getLogger(__name__)

# How many words of a search text are used.
MAX_WORDS = 10
# What the description of a search says of folded columns.
ANY_SPELLING = "case and accents make no difference"
_BATCH = 500
# Letters that Unicode does not take apart, as people write them whose keyboard has none of them. The first one is also
# what the capital I of Turks becomes.
_WRITTEN = {
    "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "ŧ": "t", "ŋ": "n",
    "ɓ": "b", "ɗ": "d", "ƙ": "k", "ə": "e", "æ": "ae", "œ": "oe", "þ": "th",
}  # fmt: skip

_Row = TypeVar("_Row", bound=models.Model)


def folded(text: str) -> str:
    """The text as a search compares it: without case and accents, each letter taken apart and its marks dropped.

    `José`, `JOSÉ` and `jose` are one, as are `Σίσυφος` and `ΣΙΣΥΦΟΣ`, `İstanbul` and `istanbul`, `Łukasz` and
    `lukasz`, and the same letters composed or not. Both sides of a search are folded here, because databases fold
    differently, SQLite ASCII letters only. Folding what is folded changes nothing.
    """
    if text.isascii():
        return text.lower()
    # Casefold can bring letters that come apart again, and the other way round.
    while (simpler := normalize("NFKD", text).translate(_PLAIN).casefold()) != text:
        text = simpler
    return text


def same_name(text: str) -> str:
    """The text as unique names compare it: without case, its letters composed.

    `Éva` and `éva` are one, `Eva` is another.
    """
    return normalize("NFC", normalize("NFC", text).casefold())


class _Plain(dict[int, str]):
    """What becomes of a character that Unicode takes no further apart: marks vanish, and some letters are others."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = found = "" if combining(letter) else _WRITTEN.get(letter.casefold(), letter)
        return found


_PLAIN = _Plain()


def search_words(text: str) -> list[str]:
    """Return the words of a search text that are used: the first MAX_WORDS."""
    return text.split()[:MAX_WORDS]


def containing(text: str, *fields: str) -> models.Q:
    """Match rows in which every word of `text` occurs in one of the fields.

    In those that are folded (core/folding.py) case and accents make no difference; in others ASCII letters only are
    sure to be found in either case. `=field` is the whole word.
    """
    found = models.Q()
    for word in search_words(text):
        found &= reduce(or_, (_occurs(word, field) for field in fields))
    return found


def _occurs(word: str, field: str) -> models.Q:
    if field.startswith("="):
        return models.Q(**{f"{field[1:]}__iexact": word})
    if field.endswith("folded"):
        return models.Q(**{f"{field}__contains": folded(word)})
    return models.Q(**{f"{field}__icontains": word})


class FoldedField(_TextField):
    """What a search compares: the columns named in `of`, joined by blanks and folded."""

    def __init__(self, *of: str, **options: Any) -> None:
        self.of = of
        super().__init__(**{"null": True, "editable": False, **options})

    def deconstruct(self) -> Any:
        name, path, _, options = super().deconstruct()
        return name, path, list(self.of), options

    def made_of(self, row: Any) -> str:
        """What the column holds for a row as it is now."""
        return folded(" ".join([str(value) for name in self.of if (value := getattr(row, name))]))

    def pre_save(self, model_instance: Any, add: bool) -> str:
        made = self.made_of(model_instance)
        setattr(model_instance, self.attname, made)
        return made


class KeyField(FoldedField):
    """What makes a name the only one of its kind: the column in `of` without case. Put a unique constraint on it.

    Null also for a row whose name another one had already when the column was new: it gets its key when it is renamed,
    or when the other one is.
    """

    def made_of(self, row: Any) -> str:
        return same_name(getattr(row, self.of[0]))


class Folds(models.Model):
    """A model with such columns. `folded` is the one for its search box."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if (fields := options.get("update_fields")) is not None:
            options["update_fields"] = {*fields, *_following(type(self), fields)}
        super().save(*args, **options)


class FoldedQuerySet(models.QuerySet[_Row]):
    """Rows that may have such columns: `update` writes them along."""

    def update(self, **values: Any) -> int:
        following = _following(self.model, values) - values.keys()
        if not following:
            return super().update(**values)
        with transaction.atomic():
            keys = list(self.order_by().values_list("pk", flat=True))
            # A row that only matches since then is left without, and found by the relay.
            count = super().update(**values, **dict.fromkeys(following))
            for start in range(0, len(keys), _BATCH):
                rows = self.model._base_manager.filter(pk__in=keys[start : start + _BATCH])
                _write(self.model, [(row, _made(row)) for row in rows])
        return count


@cache
def folded_fields(model: type[models.Model]) -> tuple[FoldedField, ...]:
    """The columns of a model that follow others."""
    return tuple(field for field in model._meta.concrete_fields if isinstance(field, FoldedField))


def models_that_fold() -> list[type[models.Model]]:
    """All models with such columns."""
    return [model for model in apps.get_models() if folded_fields(model)]


def is_folded(row: models.Model) -> bool:
    """Whether the columns of a row say what they should."""
    return _holds(row, _made(row))


def not_folded(model: type[models.Model]) -> models.Q:
    """The condition for rows of a model that lack such a column. Big tables have an index of them."""
    lacking = models.Q(folded=None)
    for field in folded_fields(model):
        if isinstance(field, KeyField):
            lacking |= models.Q(**{field.attname: None})
    return lacking


def clashing(model: type[models.Model]) -> Iterator[tuple[str, models.Model]]:
    """The rows of a model whose name another row had first, each with the name of that column."""
    for field in folded_fields(model):
        if isinstance(field, KeyField):
            # Those that nobody has folded yet lack everything.
            rows = model._base_manager.filter(**{field.attname: None}).exclude(folded=None)
            yield from ((field.of[0], row) for row in rows.order_by("pk"))


def fold_rows(
    model: type[models.Model], among: models.Q | None = None, *, after_batch: Callable[[], object] = lambda: None
) -> Iterator[models.Model]:
    """Write the columns of all rows that are not as they should be, or only `among` some. Yields the rows it wrote.

    A row whose name is another one's lacks its key afterwards (`clashing`). Works in batches, each in a transaction of
    its own that locks no other rows; may be broken off and done again. Do not call it in a transaction.
    """
    names = ["pk", *{name for field in folded_fields(model) for name in (*field.of, field.attname)}]
    rows: Any = model._base_manager.order_by("pk").only(*names)
    if among is not None:
        rows = rows.filter(among)
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:_BATCH]):
        last = batch[-1].pk
        if wrong := [row.pk for row in batch if not is_folded(row)]:
            yield from _fold(model, wrong)
        after_batch()


def _fold(model: type[models.Model], keys: list[int]) -> list[models.Model]:
    with transaction.atomic():
        locked: Any = model._base_manager.filter(pk__in=keys).select_for_update(no_key=True)
        rows = list(locked.order_by("pk"))
        values = _without_taken(model, rows, [_made(row) for row in rows])
        try:
            with transaction.atomic():
                _write(model, [pair for pair in zip(rows, values, strict=True) if not _holds(*pair)])
        except IntegrityError:  # somebody took one of the names at this moment
            logger.info("some rows of %s are folded next time", model._meta.label)
    return rows


def _without_taken(
    model: type[models.Model], rows: list[models.Model], values: list[dict[str, str | None]]
) -> list[dict[str, str | None]]:
    """The values without those keys that another row has; of rows that want the same one, the oldest gets it."""
    for field in folded_fields(model):
        if not isinstance(field, KeyField):
            continue
        name = field.attname
        wanted = {made[name] for made in values}
        holders = dict(model._base_manager.filter(**{f"{name}__in": wanted}).values_list(name, "pk"))
        for row, made in zip(rows, values, strict=True):
            if holders.setdefault(made[name], row.pk) != row.pk:
                made[name] = None
    return values


def _write(model: type[models.Model], rows: Collection[tuple[models.Model, dict[str, str | None]]]) -> None:
    if not rows:
        return
    quote, meta = connection.ops.quote_name, model._meta
    fields = folded_fields(model)
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    sql = f"UPDATE {quote(meta.db_table)} SET {columns} WHERE {quote(str(meta.pk.column))} = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, [[*(made[field.attname] for field in fields), row.pk] for row, made in rows])


def _holds(row: models.Model, made: dict[str, str | None]) -> bool:
    return all(getattr(row, name) == value for name, value in made.items())


def _made(row: models.Model) -> dict[str, str | None]:
    return {field.attname: field.made_of(row) for field in folded_fields(type(row))}


def _following(model: type[models.Model], names: Iterable[str]) -> set[str]:
    """The columns that follow one of these."""
    changed = set(names)
    return {field.attname for field in folded_fields(model) if not changed.isdisjoint(field.of)}
