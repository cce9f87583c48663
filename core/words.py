"""Words, as a search looks for them: the same function splits what is stored and what somebody types."""

import re
from dataclasses import dataclass
from unicodedata import category

from core.folding import folded

# The beginning of a longer word stands for it. Together within the megabyte that PostgreSQL allows for one row's words;
# WhatsApp's texts have at most 4,096 characters.
_LONGEST, _MOST_OF_A_TEXT = 48, 5_000
# How many words of a search are looked for. In scripts without blanks, two letters that stand side by side are a word.
MOST = 32

# Thai and Lao, Burmese, Khmer, kana and bopomofo, Chinese: between their words there are no blanks.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u312f\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUNS = re.compile(f"[{_UNSPACED}]+|[^ {_UNSPACED}]+")
_ASCII_WORDS = re.compile("[a-z0-9]+")
# They change how the sign before them is drawn.
_VARIANTS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


@dataclass(frozen=True)
class Wanted:
    """The words that a search looks for: `whole` ones, and how others have `begun`. All must occur, in any order."""

    whole: tuple[str, ...]
    begun: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.whole or self.begun)

    def only(self, *, whole: bool) -> "Wanted":
        """The whole words of it, or those that have begun."""
        return Wanted(self.whole, ()) if whole else Wanted((), self.begun)


def words_of(text: str) -> list[str]:
    """The different words of a text, folded, in their order.

    A word is made of letters and digits; an emoji, like any other symbol, is one of its own. Where a script has no
    blanks, each pair of letters is a word, and the last letter.
    """
    words = {word: None for run in _runs(text) for word in (_pairs(run) if _is_unspaced(run) else [run[:_LONGEST]])}
    return list(words)[:_MOST_OF_A_TEXT]


def wanted_words(text: str) -> Wanted:
    """What to look for when somebody types this. The last word may be the beginning of a longer one."""
    whole: list[str] = []
    begun: list[str] = []
    runs = _runs(text)
    for run in runs[:-1]:
        (whole if len(run) > 1 or not _is_unspaced(run) else begun).append(run)
    for run in runs[-1:]:
        (whole if len(run) > 1 and _is_unspaced(run) else begun).append(run)
    known = [pair for run in whole for pair in (_pairs(run)[:-1] if _is_unspaced(run) else [run[:_LONGEST]])]
    return Wanted(tuple(dict.fromkeys(known))[:MOST], tuple(dict.fromkeys(word[:_LONGEST] for word in begun))[:MOST])


def _runs(text: str) -> list[str]:
    """What stands between blanks and marks, cut where a script without blanks begins or ends."""
    text = folded(text)
    if text.isascii():
        return _ASCII_WORDS.findall(text)
    return _RUNS.findall(text.translate(_KINDS))


def _is_unspaced(run: str) -> bool:
    return re.match(f"[{_UNSPACED}]", run) is not None


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run))]


class _Kinds(dict[int, str]):
    """What becomes of each character: it stays, is a word of its own, vanishes, or parts two words."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        kind = category(sign)
        if kind == "Cf" or any(code in variants for variants in _VARIANTS):
            found = ""
        elif kind[0] in "LNM":
            found = sign
        elif kind in ("So", "Sc") and code > 0x7F:
            found = f" {sign} "
        else:
            found = " "
        self[code] = found
        return found


_KINDS = _Kinds()
