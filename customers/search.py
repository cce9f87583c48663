"""Search for customers: how a search text is split, and what a word matches."""

import re

from django.db.models import Q

from core.filters import search_words
from core.phones import InvalidPhone, normalize

_CUSTOMER_ID = re.compile(r"(?:CUST)?0*([1-9]\d{0,17})", re.IGNORECASE)
_PHONE_LIKE = re.compile(r"[+\d][\d\-]{5,}")


def search_terms(text: str) -> list[str]:
    """The words of a search text that are looked for. A phone number with spaces, like `077 123 4567`, is one word."""
    joined = "".join(text.split())
    return [joined] if _PHONE_LIKE.fullmatch(joined) else search_words(text)


def matching(term: str) -> Q:
    """Customers with this word in their names, handle, email, phone or customer id."""
    matches = Q(search_text__contains=term.lower())
    if not term.isascii():
        # SQLite's LOWER changes ASCII letters only.
        for spelling in {term, term.upper(), term.capitalize()}:
            matches |= Q(search_text__contains=spelling)
    if match := _CUSTOMER_ID.fullmatch(term):
        matches |= Q(pk=int(match[1]))
    if _PHONE_LIKE.fullmatch(term):
        try:
            # A complete number is found by the index on phones: its trigrams are common ones, and slow to look up.
            matches |= Q(phone=normalize(term))
        except InvalidPhone:
            pass  # part of a number: search_text finds it
    return matches
