"""Checks the `payload` of interactive messages. The shape is Meta's.

They have reply buttons, a list, a button with a link, or one with which people share their phone number.
"""

from typing import Any

from rest_framework import serializers

from whatsapp.limits import MAX_BODY, MAX_FOOTER, MAX_HEADER

MAX_BUTTONS, MAX_ROWS, MAX_SECTIONS = 3, 10, 10
TYPES = ("button", "list", "cta_url", "request_contact_info")


class _Text(serializers.Serializer[Any]):
    """`{text}`, of at most `longest` characters."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def get_fields(self) -> dict[str, Any]:
        return {"text": serializers.CharField(max_length=self.longest)}


class _Header(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["text"])
    text = serializers.CharField(max_length=MAX_HEADER)


class _Reply(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=256)
    title = serializers.CharField(max_length=20)


class _Button(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["reply"])
    reply = _Reply()


class _Buttons(serializers.Serializer[Any]):
    buttons = serializers.ListField(child=_Button(), allow_empty=False, max_length=MAX_BUTTONS)

    def validate_buttons(self, buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _all_different([button["reply"]["id"] for button in buttons], "id")
        _all_different([button["reply"]["title"] for button in buttons], "title")
        return buttons


class _Row(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=200)
    title = serializers.CharField(max_length=24)
    description = serializers.CharField(required=False, max_length=72)


class _Section(serializers.Serializer[Any]):
    title = serializers.CharField(required=False, max_length=24)
    rows = serializers.ListField(child=_Row(), allow_empty=False)


class _List(serializers.Serializer[Any]):
    button = serializers.CharField(max_length=20)
    sections = serializers.ListField(child=_Section(), allow_empty=False, max_length=MAX_SECTIONS)

    def validate_sections(self, sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(sections) > 1 and not all(section.get("title") for section in sections):
            raise serializers.ValidationError("With more than one section, each needs a title.")
        rows = [row["id"] for section in sections for row in section["rows"]]
        if len(rows) > MAX_ROWS:
            raise serializers.ValidationError(f"A list can have at most {MAX_ROWS} rows in all its sections together.")
        _all_different(rows, "id")
        return sections


class _LinkParameters(serializers.Serializer[Any]):
    display_text = serializers.CharField(max_length=20)
    url = serializers.URLField(max_length=2000)


class _Link(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=["cta_url"], default="cta_url")
    parameters = _LinkParameters()


class _AskForNumber(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=["request_contact_info"], default="request_contact_info")


_ACTIONS: dict[str, type[serializers.Serializer[Any]]] = {
    "button": _Buttons,
    "list": _List,
    "cta_url": _Link,
    "request_contact_info": _AskForNumber,
}


class InteractiveSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=TYPES)
    header = _Header(required=False)
    body = _Text(MAX_BODY)
    footer = _Text(MAX_FOOTER, required=False)
    # What asks for the number has nothing to choose in it.
    action = serializers.DictField(required=False)

    class Meta:
        ref_name = None

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["type"] == "request_contact_info":
            unused = {"header", "footer"} & data.keys()
            if unused:
                raise serializers.ValidationError(dict.fromkeys(unused, "This type has only a body."))
        elif "action" not in data:
            raise serializers.ValidationError({"action": "This field is required."})
        action = _ACTIONS[data["type"]](data=data.get("action", {}))
        if not action.is_valid():
            raise serializers.ValidationError({"action": action.errors})
        return {**data, "action": action.validated_data}


def _all_different(values: list[str], what: str) -> None:
    if len(set(values)) < len(values):
        raise serializers.ValidationError(f"Each {what} can be used only once.")
