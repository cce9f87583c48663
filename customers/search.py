"""Searching for customers: how a search text is read, and what a word of it matches."""

import re

from django.db.models import Q

from core.filters import search_words
from core.phones import InvalidPhone, normalize

_CUSTOMER_ID = re.compile(r"(?:CUST)?0*([1-9]\d{0,17})", re.IGNORECASE)
_PHONE_LIKE = re.compile(r"[+\d][\d\-]{5,}")


def search_terms(text: str) -> list[str]:
    """The first ten words of `text`; a phone number written with blanks, as in `077 123 4567`, is one word."""
    joined = "".join(text.split())
    return [joined] if _PHONE_LIKE.fullmatch(joined) else search_words(text)


def occurrence(term: str) -> Q:
    """The customers in whom a word occurs: names, handle, email, phone, or the customer id."""
    matches = Q(search_text__contains=term.lower())
    if not term.isascii():
        # SQLite's LOWER leaves letters beyond ASCII as they are.
        for spelling in {term, term.upper(), term.capitalize()}:
            matches |= Q(search_text__contains=spelling)
    if match := _CUSTOMER_ID.fullmatch(term):
        matches |= Q(pk=int(match[1]))
    if _PHONE_LIKE.fullmatch(term):
        try:
            # A whole number: found by its own index, where its many common trigrams would cost the most.
            matches |= Q(phone=normalize(term))
        except InvalidPhone:
            pass  # a part of a number: looked for as it stands
    return matches
