"""Phone numbers as Patter keeps them: `+` and 8 to 15 digits."""

import re

import phonenumbers
from django.conf import settings

_INTERNATIONAL = re.compile(r"\+\d{8,15}")
_BLANKS_AND_DASHES = re.compile(r"[\s\-\u00a0\u2010-\u2015]")


class InvalidPhone(ValueError):
    """The text is no phone number Patter accepts; `str()` says what it accepts."""

    def __init__(self) -> None:
        super().__init__("Enter a phone number like '+94771234567' or '0771234567'.")


def normalize(raw: str, region: str | None = None) -> str:
    """Return `raw` in international form (`+94771234567`).

    An international number is kept as given, without blanks and dashes; a national one must be
    possible in `region` (default: PHONE_DEFAULT_REGION). Raises InvalidPhone for anything else.
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
    # Not `is_possible_number`, which also takes what can be dialled within an area only, like 1234567.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def variants(phone: str) -> list[str]:
    """Return every way WhatsApp may write the owner of `phone`, `phone` itself first.

    Brazil's mobiles come with or without the ninth digit, Mexico's with or without the 1 after 52,
    Argentina's with or without the 9 after 54 (reference/whatsapp-cloud-api.md, section 9).
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
