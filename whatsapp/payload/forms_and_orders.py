"""What was filled into a form, and what was ordered, in words that people can read and search."""

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from core.safe_json import storable
from whatsapp.limits import MAX_TEXT
from whatsapp.payload.json_fields import list_of, object_of, text_or_nothing

# What the form itself adds to the answers.
_NO_ANSWERS = frozenset({"flow_token"})
# The deepest answers: a list of choices in a part of a form.
_DEEPEST = 5
_YES_OR_NO = {True: "yes", False: "no"}


def answers_in(reply: dict[str, Any]) -> str:
    """Each field of a form with what was answered, one in a line; empty if there are none or they cannot be read."""
    said = reply.get("response_json")
    try:
        answers = json.loads(said) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        return ""
    fields = (field for field in _fields(object_of(answers)) if field[0] not in _NO_ANSWERS)
    return storable("\n".join(f"{name}: {answer}" for name, answer in fields))[:MAX_TEXT]


def _fields(answers: dict[str, Any], depth: int = 0) -> Iterator[tuple[str, str]]:
    """The fields and their answers; those of a part of a form stand where the part does."""
    for name, answer in answers.items():
        if isinstance(answer, dict) and depth < _DEEPEST:
            yield from _fields(answer, depth + 1)
        elif (words := _words(answer, depth)) != "":
            yield name, words


def _words(answer: Any, depth: int) -> str:
    if isinstance(answer, bool):
        return _YES_OR_NO[answer]
    if isinstance(answer, list) and depth < _DEEPEST:
        return ", ".join(filter(None, (_words(one, depth + 1) for one in answer)))
    if isinstance(answer, dict):
        parts = _fields(answer, depth + 1) if depth < _DEEPEST else ()
        return ", ".join(f"{name}: {words}" for name, words in parts)
    return "" if answer is None else str(answer)


def order_in(content: Any) -> str:
    """The words that came with an order, then what is ordered, one article in a line, and the total.

    The total says how many items are not in it, because their price or quantity cannot be read.
    """
    order = object_of(content)
    lines = [order["text"]] if isinstance(order.get("text"), str) and order["text"] else []
    totals: dict[str, Decimal] = defaultdict(Decimal)
    unread, part = 0, "price"
    for item in map(object_of, list_of(order.get("product_items"))):
        currency = text_or_nothing(item, "currency", 10)
        quantity, price = _amount(item.get("quantity")), _amount(item.get("item_price"))
        count = _plain(quantity) if quantity is not None else "?"
        each = f", {_plain(price)} {currency}".rstrip() if price is not None else ""
        lines.append(f"{count} x {item.get('product_retailer_id') or 'article'}{each}")
        if quantity is not None and price is not None:
            totals[currency] += quantity * price
        else:
            unread, part = unread + 1, part if quantity is not None else "price or quantity"
    total = _total(totals, unread, part)
    above = storable("\n".join(lines))[: MAX_TEXT - 1 - len(total)]
    return f"{above}\n{total}" if total else above


def _total(sums: dict[str, Decimal], unread: int, part: str) -> str:
    """The last line of an order, with how many of its items have a `part` that cannot be read."""
    items = f"{unread} item{'' if unread == 1 else 's'}"
    if not sums:
        return f"Total: unknown. The {part} of {items} could not be read." if unread else ""
    said = "Total: " + ", ".join(f"{_plain(total)} {of}".rstrip() for of, total in sums.items())
    return f"{said} without {items} whose {part} could not be read" if unread else said


def _amount(value: Any) -> Decimal | None:
    """A number as Meta writes it: also as text. None if it is none that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) < 20 else None


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
