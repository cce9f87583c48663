"""Phone numbers as Patter stores them: `+` and 8 to 15 digits."""

import re

import phonenumbers
from django.conf import settings

_INTERNATIONAL = re.compile(r"\+\d{8,15}")
_BLANKS_AND_DASHES = re.compile(r"[\s\-\u00a0\u2010-\u2015]")


class InvalidPhone(ValueError):
    """The text is not a phone number that Patter accepts; `str()` says what is accepted."""

    def __init__(self) -> None:
        super().__init__("Enter a phone number like '+94771234567' or '0771234567'.")


def normalize(raw: str, region: str | None = None) -> str:
    """Return `raw` in international form (`+94771234567`).

    Blanks and dashes are removed. An international number is otherwise kept as given; a national one must be possible
    in `region` (default: PHONE_DEFAULT_REGION). Raises InvalidPhone for anything else.
    """
    text = _BLANKS_AND_DASHES.sub("", raw)
    if not text.isascii():
        raise InvalidPhone
    if text.startswith("+"):
        if _INTERNATIONAL.fullmatch(text):
            return text
        raise InvalidPhone
    if not text.isdigit():
        raise InvalidPhone
    try:
        number = phonenumbers.parse(text, region or settings.PHONE_DEFAULT_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone from error
    # Not `is_possible_number`: it also accepts numbers that can only be dialled within an area, such as 1234567.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
