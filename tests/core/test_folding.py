"""What counts as the same text: in a search, and among names that must be unique."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.folding import folded, same_name


@pytest.mark.parametrize(
    ("shown", "typed"),
    [
        ("José", "jose"),
        ("Zoë", "ZOE"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        ("Straße", "STRASSE"),
        ("Jose\N{COMBINING ACUTE ACCENT}", "José"),
        ("Ёлкин", "елкин"),
        ("Işık", "IŞIK"),  # noqa: RUF001
        ("Işık", "isik"),  # noqa: RUF001
        ("Łukasz Żółw", "lukasz zolw"),
        ("Søren", "soren"),
        ("Đặng Đức", "dang duc"),
        ("Þórr Æsir", "thorr aesir"),
        ("ǾRSTED", "orsted"),
        ("Cœur", "COEUR"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}bc", "abc"),
    ],
)
def test_a_search_finds_the_name_however_it_is_typed(shown: str, typed: str) -> None:
    assert folded(typed) in folded(shown)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert same_name(same_name(text)) == same_name(text)


@given(st.text())
def test_composed_and_decomposed_letters_are_one(text: str) -> None:
    taken_apart, composed = unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)
    assert folded(taken_apart) == folded(composed)
    assert same_name(taken_apart) == same_name(composed)


def test_an_accent_makes_another_name_but_case_does_not() -> None:
    assert same_name("Éva") == same_name("éva") == same_name("E\N{COMBINING ACUTE ACCENT}VA")
    assert same_name("Éva") != same_name("Eva")
