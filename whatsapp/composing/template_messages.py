"""Fills in the variables of a template, and checks the values against its description from Meta."""

import re
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.fields import KnownFieldsOnly
from customers.models import Customer
from messaging.channels import Content, Draft
from messaging.models import BusinessNumber
from whatsapp.composing.files import check_file
from whatsapp.composing.payloads import LocationSerializer
from whatsapp.limits import CAPTIONED_TYPES, MAX_BODY, MAX_HEADER, MAX_TEMPLATE_LANGUAGE, MAX_TEMPLATE_NAME
from whatsapp.marketing import stopped_marketing
from whatsapp.models import Template

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
# Meta refuses values that contain these.
_UNWANTED = re.compile(r"[\n\r\t]| {5,}")


class TemplateDraftSerializer(KnownFieldsOnly):
    """The `template` of a message. `components` has Meta's shape, `parameters` is a short form of it."""

    name = serializers.CharField(max_length=MAX_TEMPLATE_NAME)
    language = serializers.CharField(max_length=MAX_TEMPLATE_LANGUAGE)
    parameters = serializers.JSONField(required=False, allow_null=True)
    components = serializers.ListField(child=serializers.DictField(), required=False, allow_null=True, max_length=20)

    class Meta:
        ref_name = None

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("parameters") is not None and data.get("components") is not None:
            raise serializers.ValidationError({"parameters": ["Give parameters or components, not both."]})
        return data


def compose_template(draft: Draft, waba_id: str) -> Content:
    """Return the content of a template message. Raises ValidationError under `template` (or `media`)."""
    if draft.template is None:
        raise ValidationError({"template": ["This field is required."]})
    body = TemplateDraftSerializer(data=draft.template)
    if not body.is_valid():
        raise ValidationError({"template": body.errors})
    given = body.validated_data
    template = sendable(draft.customer, draft.number, waba_id, given["name"], given["language"])
    values = _Values(template, given.get("parameters"), given.get("components"))
    components, mime_type = [], ""
    for part in template.components:
        kind = str(part.get("type", "")).upper()
        if kind == "HEADER":
            header, mime_type = _header(part, values, draft)
            components += header
        elif kind == "BODY":
            components += _texts("body", part, values, MAX_BODY)
        elif kind == "BUTTONS":
            components += _buttons(part, values)
    values.nothing_left()
    if draft.file is not None and not mime_type:
        raise ValidationError({"media": ["The header of this template takes no file."]})
    payload = {"name": template.name, "language": {"code": template.language, "policy": "deterministic"}}
    return Content("template", rendered(template, components), {**payload, "components": components}, mime_type)


def rendered(template: Template, components: list[dict[str, Any]]) -> str:
    """The body of a template with its values, as the customer reads it."""
    values = {
        parameter.get("parameter_name", str(index)): parameter["text"]
        for component in components
        if component["type"] == "body"
        for index, parameter in enumerate(component["parameters"], start=1)
    }
    return VARIABLE.sub(lambda found: str(values.get(found[1], found[0])), _text_of(template, "BODY"))


def variables_of(text: str) -> list[str]:
    """The names of the variables in a text, each once, in the order in which Meta counts them."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


def _text_of(template: Template, kind: str) -> str:
    parts = [part.get("text") or "" for part in template.components if str(part.get("type", "")).upper() == kind]
    return str(parts[0]) if parts else ""


def sendable(customer: Customer, number: BusinessNumber, waba_id: str, name: str, language: str) -> Template:
    """Return the template if it may be sent to the customer from the number now. Raises ValidationError."""
    template = Template.objects.filter(waba_id=waba_id, name=name, language=language).first()
    if template is None:
        others = Template.objects.filter(waba_id=waba_id, name=name).values_list("language", flat=True)
        if languages := ", ".join(sorted(others)):
            raise _refused("language", f"This template is not available in {language}, only in {languages}.")
        raise _refused("name", "There is no such template. `manage.py sync_templates` fetches new ones from Meta.")
    if template.status != Template.SENDABLE:
        reason = f": {template.reason}" if template.reason else ""
        raise _refused("name", f"The template is {template.status.lower()}{reason}.")
    if template.is_marketing and stopped_marketing(customer_id=customer.pk, number_id=number.pk):
        raise _refused("name", "The customer has stopped marketing messages from this number.")
    return template


class _Values:
    """The values given for a template: of header and body by name or position, of buttons by index."""

    def __init__(self, template: Template, parameters: Any, components: list[dict[str, Any]] | None) -> None:
        self.named = template.parameter_format.upper() == "NAMED"
        self.field = "components" if components is not None else "parameters"
        self._parts: dict[str, Any] = {}
        self._buttons: dict[int, list[Any]] = {}
        # The short form for named variables: one object for header and body together.
        self._shared: dict[str, Any] | None = None
        self._used: set[str] = set()
        if components is not None:
            self._read(components)
        elif isinstance(parameters, list):
            self._parts["body"] = parameters
        elif isinstance(parameters, dict) and self.named:
            self._shared = dict(parameters)
        elif isinstance(parameters, dict):
            self._read_short(parameters)
        elif parameters is not None:
            raise _refused("parameters", "Give a list of values or an object.")

    def _read_short(self, parameters: dict[str, Any]) -> None:
        unknown = set(parameters) - {"header", "body", "buttons"}
        if unknown:
            raise _refused("parameters", "Use only `header`, `body` and `buttons`, each with a list of values.")
        for part in ("header", "body"):
            if part in parameters:
                self._parts[part] = self._list(parameters[part])
        buttons = self._list(parameters.get("buttons", []))
        self._buttons = {index: [value] for index, value in enumerate(buttons) if value is not None}

    def _read(self, components: list[dict[str, Any]]) -> None:
        for component in components:
            kind, given = str(component.get("type", "")).lower(), self._list(component.get("parameters", []))
            if kind in ("header", "body") and kind not in self._parts:
                self._parts[kind] = given
            elif kind == "button" and str(component.get("index")) in set("0123456789"):
                self._buttons[int(component["index"])] = given
            else:
                raise _refused("components", "Give at most one header and one body, and each button with its index.")

    def _list(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _refused(self.field, "Give the values as a list.")
        return value

    def of(self, part: str, names: list[str]) -> list[str]:
        """The texts for the variables of a part, in the order of `names`."""
        if self._shared is not None:
            self._used.update(names)  # header and body may use the same name
            return [self._text(part, self._shared.get(name), name) for name in names]
        given = self._parts.pop(part, [])
        if self.named:
            objects = [value for value in given if isinstance(value, dict)]
            by_name = {p["parameter_name"]: p for p in objects if isinstance(p.get("parameter_name"), str)}
            given = [by_name[name] for name in names if name in by_name] if len(by_name) == len(given) else []
        if len(given) != len(names):
            needed = f"values for {', '.join(f'{{{{{name}}}}}' for name in names)}" if names else "no values"
            raise _refused(self.field, f"The {part} needs {needed}; {len(given)} were given.")
        return [self._text(part, value, name) for value, name in zip(given, names, strict=True)]

    def file(self) -> Any:
        """The parameter of a header that is not text."""
        given = self._parts.pop("header", [])
        return given[0] if len(given) == 1 else None

    def button(self, index: int) -> list[Any] | None:
        return self._buttons.pop(index, None)

    def nothing_left(self) -> None:
        """Raise ValidationError if values are left that the template does not use."""
        left = [
            *(name for name in self._shared or {} if name not in self._used),
            *(part for part, given in self._parts.items() if given),
        ]
        left += [f"button {index}" for index in self._buttons]
        if left:
            raise _refused(self.field, f"The template does not use these values: {', '.join(left)}.")

    def _text(self, part: str, value: Any, name: str) -> str:
        if isinstance(value, dict):
            value = value.get("text") if value.get("type") == "text" else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            raise _refused(self.field, f"The {part} needs a text for {{{{{name}}}}}.")
        if len(value) > MAX_BODY:
            raise _refused(self.field, f"{{{{{name}}}}} of the {part} is longer than {MAX_BODY} characters.")
        if _UNWANTED.search(value):
            raise _refused(
                self.field,
                f"{{{{{name}}}}} of the {part} cannot contain line breaks, tabs or more than four spaces in a row.",
            )
        return value


def _texts(kind: str, part: dict[str, Any], values: _Values, longest: int) -> list[dict[str, Any]]:
    text = str(part.get("text") or "")
    names = variables_of(text)
    given = values.of(kind, names)
    if not names:
        return []
    filled = VARIABLE.sub(lambda found: given[names.index(found[1])], text)
    if len(filled) > longest:
        raise _refused(values.field, f"With its values, the {kind} is longer than {longest} characters.")
    named = [{"parameter_name": name} if values.named else {} for name in names]
    parameters = [{"type": "text", **name, "text": value} for name, value in zip(named, given, strict=True)]
    return [{"type": kind, "parameters": parameters}]


def _header(part: dict[str, Any], values: _Values, draft: Draft) -> tuple[list[dict[str, Any]], str]:
    """Return the component of the header, and the MIME type of its uploaded file."""
    form = str(part.get("format") or "TEXT").lower()
    if form == "text":
        return _texts("header", part, values, MAX_HEADER), ""
    if form in CAPTIONED_TYPES and draft.file is not None:
        mime_type = check_file(draft.file, form)
        return [{"type": "header", "parameters": [{"type": form, form: {}}]}], mime_type
    given = values.file()
    content = given.get(form) if isinstance(given, dict) and given.get("type") == form else None
    if form in CAPTIONED_TYPES:
        content = content if isinstance(content, dict) else {}
        found = {key: value for key, value in content.items() if key in ("id", "link", "filename") and value}
        texts = all(isinstance(value, str) for value in found.values())
        one = ("id" in found) ^ ("link" in found)
        if not (texts and one and found.get("link", "https://").startswith("https://")):
            raise _refused(
                values.field, f"The header needs one {form}: upload it as `media`, or give its id or https link."
            )
        return [{"type": "header", "parameters": [{"type": form, form: found}]}], ""
    if form == "location":
        place = LocationSerializer(data=content if isinstance(content, dict) else {})
        if not place.is_valid():
            raise _refused(values.field, "The header needs a location with latitude and longitude.")
        return [{"type": "header", "parameters": [{"type": form, form: dict(place.validated_data)}]}], ""
    raise _refused("name", f"Patter cannot send headers of the format {form}.")


def _buttons(part: dict[str, Any], values: _Values) -> list[dict[str, Any]]:
    """Return components for the buttons with a variable, and for quick replies that were given a payload."""
    components = []
    for index, button in enumerate(part.get("buttons") or []):
        kind = str(button.get("type", "")).lower()
        given = values.button(index)
        if kind == "url" and variables_of(str(button.get("url") or "")):
            text = _button_text(given, values, index, button)
            components.append(_button("url", index, {"type": "text", "text": text}))
        elif kind == "copy_code":
            text = _button_text(given, values, index, button)
            components.append(_button("copy_code", index, {"type": "coupon_code", "coupon_code": text}))
        elif kind == "quick_reply" and given:
            text = _button_text(given, values, index, button)
            components.append(_button("quick_reply", index, {"type": "payload", "payload": text}))
        elif given:
            raise _refused(values.field, f"Button {index} takes no value.")
    return components


def _button(sub_type: str, index: int, parameter: dict[str, Any]) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}


def _button_text(given: list[Any] | None, values: _Values, index: int, button: dict[str, Any]) -> str:
    value = given[0] if given and len(given) == 1 else None
    if isinstance(value, dict):
        value = value.get("text") or value.get("payload") or value.get("coupon_code")
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_BODY:
        raise _refused(values.field, f"Button {index} ({button.get('text', '')}) needs one text.")
    return value


def _refused(field: str, reason: str) -> ValidationError:
    return ValidationError({"template": {field: [reason]}})
