"""Names that people give and read: of people, teams, groups, tags and the like."""

from unicodedata import category

from django.core.exceptions import ValidationError

# Separators, marks that stand on a letter, and what only steers how text is shown. Not `Cn`: signs that are newer than
# Python, such as emojis, are of it. Not `Co`: phones draw logos there.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Mn", "Me", "Cc", "Cf", "Cs"})
# Fillers, which are letters and symbols by name: what empty names on WhatsApp are made of. And what Unicode keeps free
# for more signs that nobody sees.
_FILLERS = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800\u2065" + "".join(map(chr, (*range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000))))
)


def is_seen(name: str) -> bool:
    """Whether anything of a name can be seen."""
    return any(category(sign) not in _UNSEEN and sign not in _FILLERS for sign in name)


def check_name(name: str) -> None:
    """Refuse names that cannot be read or typed. Raises Django's ValidationError."""
    if any(category(sign) == "Cc" for sign in name):
        raise ValidationError("Line breaks and other control characters are not allowed here.")
    if not is_seen(name):
        raise ValidationError("Give at least one visible character.")
