"""What a template consists of, as Meta describes it, and which values it asks for (docs/whatsapp.md, "Templates")."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from whatsapp.models import Template

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
CODE = "AUTHENTICATION"

# What is asked for by a button of each type, and whether it must be given; None: nothing.
_BUTTON_VALUES: dict[str, tuple[str, bool] | None] = {
    "copy_code": ("coupon_code", True),
    "quick_reply": ("payload", False),
    "flow": ("flow", False),
    "mpm": ("products", True),
    "catalog": ("thumbnail", False),
    "voice_call": ("ttl_minutes", False),
    "order_details": ("order_details", True),
    "phone_number": None,
    "spm": None,
    "call_permission_request": None,
    "request_contact_info": None,
}


@dataclass(frozen=True)
class Button:
    """A button as described: its place, its type in small letters, its label, and what it asks for."""

    index: int
    type: str
    text: str
    described: dict[str, Any]
    # The kind of the value and whether it must be given; None if the button takes none.
    value: tuple[str, bool] | None
    # It carries the code of a one-time password, which is the value of the body.
    is_code: bool = False
    is_known: bool = True


@dataclass(frozen=True)
class Parts:
    """The parts of a template, or of one of its cards. `kinds` are the types of all its parts."""

    header: dict[str, Any]
    body: dict[str, Any]
    footer: dict[str, Any]
    offer: dict[str, Any]
    buttons: tuple[Button, ...]
    cards: "tuple[Parts, ...]"
    kinds: frozenset[str]
    # A one-time password: the body has the code, however its text is described.
    is_code: bool

    @property
    def header_format(self) -> str:
        """TEXT, IMAGE ...; empty without a header."""
        return str(self.header.get("format") or "TEXT").upper() if "HEADER" in self.kinds else ""

    @property
    def header_text(self) -> str:
        return str(self.header.get("text") or "") if self.header_format == "TEXT" else ""

    @property
    def body_text(self) -> str:
        text = str(self.body.get("text") or "")
        return text or ("{{1}}" if self.is_code else "")


@dataclass(frozen=True)
class Wanted:
    """A value that a template asks for. `card` and `index` are the places of its card and its button."""

    place: str
    kind: str
    name: str = ""
    required: bool = True
    example: str | None = None
    card: int | None = None
    index: int | None = None
    sub_type: str = ""
    text: str = ""


def parts_of(template: Template) -> Parts:
    """Read the description of a template."""
    return _parts(template.components, is_code=template.category.upper() == CODE)


def format_of(components: list[Any]) -> str:
    """NAMED or POSITIONAL, for a template that does not say it: numbered variables have no names."""
    parts = _parts(components)
    texts = [text for one in (parts, *parts.cards) for text in (one.header_text, one.body_text)]
    return "NAMED" if any(not name.isdecimal() for text in texts for name in variables_of(text)) else "POSITIONAL"


def _parts(components: list[Any], *, is_code: bool = False) -> Parts:
    found = {str(part.get("type", "")).upper(): part for part in components if isinstance(part, dict)}
    described = [one for one in _list(found.get("BUTTONS", {}).get("buttons")) if isinstance(one, dict)]
    is_code = is_code or any(str(one.get("type", "")).lower() == "otp" for one in described)
    cards = [card for card in _list(found.get("CAROUSEL", {}).get("cards")) if isinstance(card, dict)]
    offer = found.get("LIMITED_TIME_OFFER", {})
    return Parts(
        header=found.get("HEADER", {}),
        body=found.get("BODY", {}),
        footer=found.get("FOOTER", {}),
        offer=offer.get("limited_time_offer") or offer,
        buttons=tuple(_button(index, one, is_code=is_code) for index, one in enumerate(described)),
        cards=tuple(_parts(_list(card.get("components"))) for card in cards),
        kinds=frozenset(found),
        is_code=is_code,
    )


def _button(index: int, described: dict[str, Any], *, is_code: bool) -> Button:
    kind, text = str(described.get("type", "")).lower(), str(described.get("text") or "")
    if kind == "otp" or (is_code and kind == "url"):
        return Button(index, kind, text, described, None, is_code=True)
    if kind == "url":
        has_variable = bool(variables_of(str(described.get("url") or "")))
        return Button(index, kind, text, described, ("text", True) if has_variable else None)
    return Button(index, kind, text, described, _BUTTON_VALUES.get(kind), is_known=kind in _BUTTON_VALUES)


def variables_of(text: str) -> list[str]:
    """The names of the variables in a text, each once, in the order in which Meta counts them."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


def wanted_by(parts: Parts) -> list[Wanted]:
    """Every value that the template asks for, in the order in which the customer sees them."""
    found = [*_of_header(parts), *_of_body(parts)]
    if parts.offer.get("has_expiration"):
        found.append(Wanted("limited_time_offer", "time", text=str(parts.offer.get("text") or "")))
    found += [one for button in parts.buttons for one in _of_button(button)]
    for place, card in enumerate(parts.cards):
        found += [replace(one, card=place) for one in wanted_by(card)]
    return found


def _of_header(parts: Parts) -> Iterator[Wanted]:
    form = parts.header_format
    if form == "TEXT":
        examples = _examples(parts.header, "header")
        for place, name in enumerate(variables_of(parts.header_text)):
            yield Wanted("header", "text", name, example=examples.get(name, examples.get(str(place + 1))))
    elif form:
        handles = _list(_object(parts.header.get("example")).get("header_handle"))
        yield Wanted("header", form.lower(), example=_first(handles))


def _of_body(parts: Parts) -> Iterator[Wanted]:
    examples = _examples(parts.body, "body")
    for place, name in enumerate(variables_of(parts.body_text)):
        kind = "code" if parts.is_code else "text"
        yield Wanted("body", kind, name, example=examples.get(name, examples.get(str(place + 1))))


def _of_button(button: Button) -> Iterator[Wanted]:
    if button.value is None:
        return
    kind, required = button.value
    example = button.described.get("example")
    names = variables_of(str(button.described.get("url") or "")) if button.type == "url" else []
    yield Wanted(
        "button",
        kind,
        names[0] if names else "",
        required,
        _first(example if isinstance(example, list) else [example]),
        index=button.index,
        sub_type=button.type,
        text=button.text,
    )


def _examples(part: dict[str, Any], kind: str) -> dict[str, str]:
    """Meta's examples for the variables of a text, by name or by place."""
    example = _object(part.get("example"))
    named = [_object(one) for one in _list(example.get(f"{kind}_text_named_params"))]
    if named:
        return {str(one.get("param_name")): str(one.get("example")) for one in named}
    listed = _list(example.get(f"{kind}_text"))
    values = listed[0] if listed and isinstance(listed[0], list) else listed
    return {str(place): str(value) for place, value in enumerate(values, start=1)}


def _first(values: list[Any]) -> str | None:
    return values[0] if values and isinstance(values[0], str) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
