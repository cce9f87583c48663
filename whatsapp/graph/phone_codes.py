"""What a message with a code looks like to Meta."""

from typing import Any

from django.conf import settings

from messaging.channels import Rejected

_TEXT = "{code} is your code. It is good for ten minutes. Do not tell it to anybody."


def code_content(code: str, *, in_window: bool) -> tuple[str, dict[str, Any]]:
    """Type and content: text where that may be sent, else the authentication template, `name` or `name:language`.

    Raises Rejected without a template.
    """
    if in_window:
        return "text", {"body": _TEXT.format(code=code), "preview_url": False}
    name, _, language = settings.WHATSAPP_CODE_TEMPLATE.partition(":")
    if not name:
        raise Rejected("no_code_template", "Set WHATSAPP_CODE_TEMPLATE to send codes outside the service window")
    parameters = [{"type": "text", "text": code}]
    # Meta's authentication templates take the code twice: in the body, and for the button that copies it.
    components = [
        {"type": "body", "parameters": parameters},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters},
    ]
    return "template", {"name": name, "language": {"code": language or "en"}, "components": components}
