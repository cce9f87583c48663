import pytest

from core import safe_json


def test_it_reads_json() -> None:
    assert safe_json.loads(b'{"a": [1, "\xc3\xa9", null, 1.5]}') == {"a": [1, "é", None, 1.5]}
    assert safe_json.loads("[" * 64 + "]" * 64)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"{", "JSON parse error"),
        (b"", "JSON parse error"),
        (b"\xff", "UTF-8"),
        (b'"\\u0000"', "NUL"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b'{"a": {"b": ["\\ud800"]}}', "surrogates"),
        ("[" * 65 + "]" * 65, "deeper"),
        ("[" * 100_000 + "]" * 100_000, "deeper"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        ("1" * 5000, "JSON parse error"),
        ("1e999", "too large"),
        (b'{"a": [-1e999]}', "too large"),
    ],
)
def test_what_it_refuses_and_why(raw: bytes | str, says: str) -> None:
    with pytest.raises(safe_json.BadJSON, match=says):
        safe_json.loads(raw)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert safe_json.loads(b'"\\ud83d\\ude00"') == "😀"
