import pytest

from core.phones import InvalidPhone, normalize, same_number, variants


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("+1234567890", "+1234567890"),
        ("+94 77-123 4567", "+94771234567"),
        ("+12345678", "+12345678"),
        ("+123456789012345", "+123456789012345"),
        ("0771234567", "+94771234567"),
        ("077 123-4567", "+94771234567"),
        ("0112345678", "+94112345678"),
        ("0094771234567", "+94771234567"),
        ("94771234567", "+94771234567"),
        # As people write them.
        ("(077) 222-3344", "+94772223344"),
        ("077(222)3344", "+94772223344"),
        ("[077] 222 3344", "+94772223344"),
        ("077.222.3344", "+94772223344"),
        ("077/222 33 44", "+94772223344"),
        ("(+94) 77/222.33.44", "+94772223344"),
        ("00 94 77 222 3344", "+94772223344"),
        ("\u2011077\u2013222\u20143344\u00a0", "+94772223344"),
        # A trunk zero is only dialled at home.
        ("+94 0771115555", "+94771115555"),
        ("+94 (0)77 111 5555", "+94771115555"),
        ("0094 (0) 77 111 5555", "+94771115555"),
        ("+49 (0) 170/1234567", "+491701234567"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+36 06 1 234 5678", "+3612345678"),
        ("+1 (0) 202 555 0123", "+12025550123"),
        # In Italy it belongs to the number.
        ("+39 06 1234 5678", "+390612345678"),
        ("+39 (0)6 1234 5678", "+390612345678"),
        # What WhatsApp spells in its own way stays.
        ("+5215512345678", "+5215512345678"),
        ("+5491112345678", "+5491112345678"),
        ("+551187654321", "+551187654321"),
    ],
)
def test_accepted_numbers_are_normalized(raw: str, kept: str) -> None:
    assert normalize(raw) == kept
    assert normalize(kept) == kept


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "+",
        "+1234567",
        "+1234567890123456",
        "12",
        "1234567",
        "2345678",
        "phone",
        "+94771234567x12",
        "(222) 3344",
        "222.3344",
        "0(0)",
        "()",
        "077+1234567",
        "00 12 34",
        "++94771234567",
        "٠٧٧١٢٣٤٥٦٧",
        "+9477123456７",  # noqa: RUF001
        "1" * 500,
    ],
)
def test_other_texts_are_refused(raw: str) -> None:
    with pytest.raises(InvalidPhone, match="771234567"):
        normalize(raw)


@pytest.mark.parametrize("mark", "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_marks_that_copying_brings_are_taken_out(mark: str) -> None:
    assert normalize(f"{mark}+94 77{mark} 123 4567{mark}") == "+94771234567"
    assert normalize(f"{mark}077 123 4567") == "+94771234567"


def test_any_number_stays_as_it_was_stored() -> None:
    """Otherwise a row that is sent back would change the phone."""
    for seed in range(2_000):
        digits = str(seed * 7_919_111_317 + 10**7)[:15]
        stored = normalize(f"+{digits}")
        assert normalize(stored) == stored
        assert 8 <= len(stored.removeprefix("+")) <= 15


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+94771234567", "+940771234567", True),
        ("+5511987654321", "+551187654321", True),
        ("+94771234567", "+94771234568", False),
        ("+94771", "+94771", True),
        ("+94771234567", None, False),
        (None, None, False),
    ],
)
def test_one_number_in_several_spellings(one: str | None, other: str | None, same: bool) -> None:
    assert same_number(one, other) is same_number(other, one) is same


def test_the_region_decides_what_a_national_number_means() -> None:
    assert normalize("08012345678", region="NG") == "+2348012345678"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5511987654321", "+551187654321"),
        ("+5215512345678", "+525512345678"),
        ("+5491112345678", "+541112345678"),
    ],
)
def test_variants_know_each_other(one: str, other: str) -> None:
    assert variants(one) == [one, other]
    assert variants(other) == [other, one]


@pytest.mark.parametrize("phone", ["+94771234567", "+551132345678", "+12025550123"])
def test_numbers_with_one_spelling(phone: str) -> None:
    """Brazil's landlines, for example, never had a ninth digit."""
    assert variants(phone) == [phone]
