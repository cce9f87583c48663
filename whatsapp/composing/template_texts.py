"""The texts of a template, and their values."""

import re
from typing import Any

from whatsapp.composing.template_parts import VARIABLE, variables_of
from whatsapp.composing.template_values import Given
from whatsapp.limits import MAX_BODY, MAX_OTP

# Meta refuses values that contain these.
_UNWANTED = re.compile(r"[\n\r\t]| {5,}")
# Values that Meta writes as the customer's phone is used to, with a text for phones that cannot.
_LOCAL = {"currency": {"fallback_value", "code", "amount_1000"}, "date_time": {"fallback_value"}}


def text_component(
    kind: str, text: str, given: Given, *, named: bool, longest: int, is_code: bool = False
) -> list[dict[str, Any]]:
    """The component for a header (`kind` header) or a body with variables; nothing without variables.

    Raises ValidationError if the values are not those that the text needs.
    """
    names = variables_of(text)
    values = _in_order(kind, names, getattr(given, kind) or [], given, named=named)
    if not names:
        return []
    parameters = [_parameter(kind, value, name, given) for value, name in zip(values, names, strict=True)]
    if is_code and any(len(one.get("text", "")) > MAX_OTP for one in parameters):
        raise given.refused(f"A code can have at most {MAX_OTP} characters.")
    if len(filled(text, parameters)) > longest:
        raise given.refused(f"With its values, the {kind} is longer than {longest} characters.")
    if named:
        parameters = [
            {"type": one["type"], "parameter_name": name, **one} for one, name in zip(parameters, names, strict=True)
        ]
    return [{"type": kind, "parameters": parameters}]


def filled(text: str, parameters: list[dict[str, Any]]) -> str:
    """A text with its values, as the customer reads it. A variable without a value stays as it is."""
    names = variables_of(text)
    values = {
        given.get("parameter_name", names[place] if place < len(names) else ""): shown_value(given)
        for place, given in enumerate(parameters)
    }
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def shown_value(parameter: dict[str, Any]) -> str:
    """A value as it is read: a text, or what stands in for an amount or a date."""
    form = parameter["type"]
    return str(parameter[form]["fallback_value"] if form in _LOCAL else parameter.get("text", ""))


def _in_order(kind: str, names: list[str], values: list[Any], given: Given, *, named: bool) -> list[Any]:
    """The values in the order of the variables. Those of numbered ones may come by their numbers, too."""
    objects = [value for value in values if isinstance(value, dict)]
    by_name = {one["parameter_name"]: one for one in objects if isinstance(one.get("parameter_name"), str)}
    if unknown := sorted(by_name.keys() - set(names)):
        raise given.refused(f"The {kind} has no {', '.join(f'{{{{{name}}}}}' for name in unknown)}.")
    if named or by_name:
        values = [by_name[name] for name in names if name in by_name] if len(by_name) == len(values) else []
    if len(values) != len(names):
        needed = f"values for {', '.join(f'{{{{{name}}}}}' for name in names)}" if names else "no values"
        raise given.refused(f"The {kind} needs {needed}; {len(values)} were given.")
    return values


def _parameter(kind: str, value: Any, name: str, given: Given) -> dict[str, Any]:
    """Meta's parameter for one variable. Raises ValidationError."""
    if kind == "body" and isinstance(value, dict) and value.get("type") in _LOCAL:
        form = value["type"]
        content = value.get(form)
        if not isinstance(content, dict) or content.keys() != _LOCAL[form]:
            raise given.refused(f"{{{{{name}}}}} needs {', '.join(sorted(_LOCAL[form]))} in its {form}.")
        _checked_text(kind, content["fallback_value"], name, given)
        return {"type": form, form: content}
    if isinstance(value, dict):
        value = value.get("text") if value.get("type") == "text" else None
    return {"type": "text", "text": _checked_text(kind, value, name, given)}


def _checked_text(kind: str, value: Any, name: str, given: Given) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise given.refused(f"The {kind} needs a text for {{{{{name}}}}}.")
    if len(value) > MAX_BODY:
        raise given.refused(f"{{{{{name}}}}} of the {kind} is longer than {MAX_BODY} characters.")
    if _UNWANTED.search(value):
        raise given.refused(
            f"{{{{{name}}}}} of the {kind} cannot contain line breaks, tabs or more than four spaces in a row."
        )
    return value
