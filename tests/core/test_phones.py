import pytest

from core.phones import InvalidPhone, normalize, variants


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
        "077(123)4567",
        "++94771234567",
        "٠٧٧١٢٣٤٥٦٧",
        "+9477123456７",  # noqa: RUF001
        "1" * 500,
    ],
)
def test_other_texts_are_refused(raw: str) -> None:
    with pytest.raises(InvalidPhone, match="771234567"):
        normalize(raw)


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
