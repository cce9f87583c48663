"""Django admin as a browser uses it: choosing rows of a list, confirming, reading the report."""

from typing import Any

from django.test import Client


def ask(browser: Client, path: str, action: str, rows: list[Any], **more: Any) -> str:
    """Choose an action for rows of a list. Returns the page that asks whether to do it."""
    answer = browser.post(path, {"action": action, "_selected_action": _ids(rows), **more})
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def confirm(browser: Client, path: str, action: str, rows: list[Any], **given: Any) -> str:
    """Confirm an action with what its form asks for. Returns the report, or the form if it was refused."""
    body = {"action": action, "_selected_action": _ids(rows), "confirmed": "yes"}
    answer = browser.post(path, body | {f"given-{name}": value for name, value in given.items()}, follow=True)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def _ids(rows: list[Any]) -> list[str]:
    return [str(getattr(row, "pk", row)) for row in rows]
