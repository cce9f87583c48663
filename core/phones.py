"""Phone numbers as Patter stores them: `+` and 8 to 15 digits."""

import re

import phonenumbers
from django.conf import settings

_INTERNATIONAL = re.compile(r"\+\d{8,15}")
# No number has more digits, with the code in front that calls abroad.
_MAX_DIGITS = 20
# What people write between the digits, and the invisible marks that come along when a number is copied: directions of
# writing (U+200E, U+200F, U+061C, U+202A to U+202E, U+2066 to U+2069) and spaces without width.
_BETWEEN_DIGITS = re.compile(
    r"[\s\-.()\[\]/\u00a0\u00ad\u2010-\u2015\u2212\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_TRUNK_ZERO = "(0)"
# Country code -> the regions that share it, the main one first.
_REGIONS = phonenumbers.COUNTRY_CODE_TO_REGION_CODE


class InvalidPhone(ValueError):
    """The text is not a phone number that Patter accepts; `str()` says what is accepted."""

    def __init__(self) -> None:
        super().__init__("Enter a phone number like '+94771234567' or '0771234567'.")


def normalize(raw: str, region: str | None = None) -> str:
    """Return `raw` in international form (`+94771234567`).

    Blanks, dashes, dots, slashes, brackets and invisible marks are removed, `00` in front means `+`, and a trunk zero
    after the country code goes, except where it belongs to the number, as in Italy. A national number must be possible
    in `region` (default: PHONE_DEFAULT_REGION). An international one that phonenumbers does not know is kept as given.
    Raises InvalidPhone for anything else.
    """
    region = region or settings.PHONE_DEFAULT_REGION
    text = without_marks(raw)
    if not text.isascii() or not text.removeprefix("+").isdigit() or len(text) > _MAX_DIGITS:
        raise InvalidPhone
    # Most countries write `(0)` for a zero that is only dialled at home; some have none, and write it all the same.
    if _INTERNATIONAL.fullmatch(text) and _TRUNK_ZERO not in raw and not _may_have_trunk_prefix(text):
        return text
    spellings = [text] if _TRUNK_ZERO not in raw else [text, without_marks(raw.replace(_TRUNK_ZERO, "", 1))]
    for spelling in spellings:
        if (found := _possible(spelling, region)) is not None:
            return found
    if _INTERNATIONAL.fullmatch(text):
        return text
    raise InvalidPhone


def _may_have_trunk_prefix(international: str) -> bool:
    """Whether something that is only dialled at home may follow the country code. Takes a tenth of parsing it."""
    code = next((int(international[1:end]) for end in (2, 3, 4) if int(international[1:end]) in _REGIONS), None)
    if code is None:
        return False
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, _REGIONS[code][0])
    prefix = metadata and metadata.national_prefix_for_parsing
    return bool(prefix and re.match(prefix, international[1 + len(str(code)) :]))


def without_marks(text: str) -> str:
    """`text` without what people write between the digits of a phone number."""
    return _BETWEEN_DIGITS.sub("", text)


def respelled(stored: str) -> str:
    """A stored phone as `normalize` would store it today: what was accepted long ago may be spelled otherwise."""
    try:
        return normalize(stored)
    except InvalidPhone:
        return stored


def same_number(one: str | None, other: str | None) -> bool:
    """Whether two stored phones are one number, in any of its spellings."""
    return bool(one and other) and respelled(one or "") in variants(respelled(other or ""))


def _possible(text: str, region: str) -> str | None:
    """The number in international form; None if there can be none like it."""
    found = _parsed(text, region)
    if found is None and text.startswith("00"):
        found = _parsed(f"+{text[2:]}", region)
    while found is not None and (again := _parsed(found, region)) not in (None, found):
        found = again
    if found is None or _INTERNATIONAL.fullmatch(found) is None:
        return None
    # WhatsApp has spellings of its own for some countries: they stay as they are.
    return text if found in variants(text)[1:] else found


def _parsed(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # Not `is_possible_number`: it also accepts numbers that can only be dialled within an area, such as 1234567.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_assigned(phone: str) -> bool:
    """Whether a number in international form lies in a range that its country has given out."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


def at_home(part: str) -> str | None:
    """The beginning of a national number as it follows the country code: `77222` for `077222`.

    None for digits that are not written with the zero (or other prefix) that is dialled in PHONE_DEFAULT_REGION.
    """
    prefix = phonenumbers.ndd_prefix_for_region(settings.PHONE_DEFAULT_REGION, True)
    digits = without_marks(part)
    if not prefix or not digits.isdigit() or not digits.startswith(prefix) or digits.startswith("00"):
        return None
    return digits.removeprefix(prefix)


def variants(phone: str) -> list[str]:
    """Return all the ways in which WhatsApp may write the number `phone`, `phone` itself first.

    WhatsApp reports mobile numbers of Brazil with or without the ninth digit, those of Mexico with or without the 1
    after 52, and those of Argentina with or without the 9 after 54 (docs/whatsapp.md, "Identities").
    """
    found = [phone]
    if match := re.fullmatch(r"\+55(\d\d)9(\d{8})", phone):
        found.append(f"+55{match[1]}{match[2]}")
    elif match := re.fullmatch(r"\+55(\d\d)([6-9]\d{7})", phone):
        found.append(f"+55{match[1]}9{match[2]}")
    elif match := re.fullmatch(r"\+521(\d{10})", phone):
        found.append(f"+52{match[1]}")
    elif match := re.fullmatch(r"\+52(\d{10})", phone):
        found.append(f"+521{match[1]}")
    elif match := re.fullmatch(r"\+549(\d{10})", phone):
        found.append(f"+54{match[1]}")
    elif match := re.fullmatch(r"\+54(\d{10})", phone):
        found.append(f"+549{match[1]}")
    return found
