"""Search for customers: how a search text is split, and what a word matches."""

import re

from django.db.models import Q

from core.folding import folded, search_words
from core.phones import InvalidPhone, at_home, is_assigned, normalize, variants, without_marks

_CUSTOMER_ID = re.compile(r"(?:CUST)?0*([1-9]\d{0,17})", re.IGNORECASE)
_PHONE_LIKE = re.compile(r"\+?\d{6,20}", re.ASCII)
_TRUNK_ZERO = "(0)"


def search_terms(text: str) -> list[str]:
    """The words of a search text that are looked for, folded.

    A phone number with spaces, like `077 123 4567`, is one word.
    """
    text = folded(text)
    return ["".join(text.split())] if _is_phone_like(text) else search_words(text)


def matching(term: str, *, prefix: str = "") -> Q:
    """Customers with this word in their names, handle, email, phone (or what they claim as theirs) or customer id.

    The word is one of `search_terms`. `prefix` leads from the rows to their customer (`customer__`).
    """
    words = {term}
    matches = Q()
    if match := _CUSTOMER_ID.fullmatch(term):
        matches |= Q(**{f"{prefix}pk": int(match[1])})
    if _is_phone_like(term):
        # Few customers claim a phone, and an index holds those who do.
        claims = ~Q(**{f"{prefix}pending_phone": ""})
        matches |= in_phones(term, f"{prefix}pending_phone") & claims
        if whole := _whole(term):
            # By their indexes: the trigrams of a whole number are common ones, and slow to look up.
            for trusted in (True, False):
                matches |= Q(**{f"{prefix}phone__in": whole, f"{prefix}phone_trusted": trusted})
        if not _is_complete(whole):
            words.add(_part(term))
            matches |= _at_home(term, f"{prefix}folded")
    for word in words:
        matches |= Q(**{f"{prefix}folded__contains": word})
    return matches


def in_phones(term: str, *fields: str) -> Q:
    """Rows in which `term`, if it may be a phone number or a part of one, occurs in one of these fields.

    It may be spelled as people write numbers, and begin with the zero that is dialled at home.
    """
    matches = Q()
    if not _is_phone_like(term):
        return matches
    whole = _whole(term)
    for field in fields:
        matches |= Q(**{f"{field}__in": whole})
        if not _is_complete(whole):
            matches |= Q(**{f"{field}__contains": _part(term)}) | _at_home(term, field)
    return matches


def _at_home(term: str, field: str) -> Q:
    """Numbers that begin with `term`, without what is dialled at home, after the country code."""
    if (digits := at_home(term)) is None:
        return Q()
    # The pattern says where they have to stand; an index can find the digits.
    return Q(**{f"{field}__contains": digits, f"{field}__regex": rf"\+[0-9]{{1,3}}{digits}"})


def _is_phone_like(text: str) -> bool:
    return _PHONE_LIKE.fullmatch(without_marks(text)) is not None


def _whole(term: str) -> list[str]:
    """A number in every spelling, if there can be one like it; none for what is too short."""
    try:
        return variants(normalize(term))
    except InvalidPhone:
        return []


def _is_complete(whole: list[str]) -> bool:
    """Whether nobody who types this means part of another number."""
    return bool(whole) and is_assigned(whole[0])


def _part(term: str) -> str:
    """Part of a number as phones are stored: `+9477` for `0094 (0)77`."""
    digits = without_marks(term)
    if digits.startswith(("+", "00")):
        digits = without_marks(term.replace(_TRUNK_ZERO, "", 1))
    return f"+{digits[2:]}" if digits.startswith("00") else digits
