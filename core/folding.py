"""What counts as the same text: when people search, and when a name must be the only one of its kind."""

from unicodedata import combining, normalize


def folded(text: str) -> str:
    """The text as a search compares it: without case and accents, each letter taken apart and its marks dropped.

    `José`, `JOSÉ` and `jose` are one, as are `Σίσυφος` and `ΣΙΣΥΦΟΣ`, `İstanbul` and `istanbul`, and the same letters
    composed or not. Both sides of a search are folded here, because databases fold differently, SQLite ASCII letters
    only. Folding what is folded changes nothing.
    """
    if text.isascii():
        return text.lower()
    # Casefold can bring letters that come apart again, and the other way round.
    while (simpler := _without_marks(text).casefold()) != text:
        text = simpler
    return text


def same_name(text: str) -> str:
    """The text as unique names compare it: without case, its letters composed.

    `Éva` and `éva` are one, `Eva` is another.
    """
    return normalize("NFC", normalize("NFC", text).casefold())


def _without_marks(text: str) -> str:
    return "".join(letter for letter in normalize("NFKD", text) if not combining(letter))
