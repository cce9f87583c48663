"""The message that brings a code to a phone."""

from typing import Any

from django.conf import settings

from messaging.channels import Rejected

_TEXT = "{code} is your code. It is valid for ten minutes. Do not share it with anyone."


def code_content(code: str, *, in_window: bool) -> tuple[str, dict[str, Any]]:
    """Return type and content: a text in the service window, else the template that WHATSAPP_CODE_TEMPLATE names.

    Raises Rejected if there is no template.
    """
    if in_window:
        return "text", {"body": _TEXT.format(code=code), "preview_url": False}
    name, _, language = settings.WHATSAPP_CODE_TEMPLATE.partition(":")
    if not name:
        raise Rejected("no_code_template", "Set WHATSAPP_CODE_TEMPLATE to send codes outside the 24-hour window")
    parameters = [{"type": "text", "text": code}]
    # An authentication template takes the code twice: for its body, and for the button that copies it.
    components = [
        {"type": "body", "parameters": parameters},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters},
    ]
    return "template", {"name": name, "language": {"code": language or "en"}, "components": components}
