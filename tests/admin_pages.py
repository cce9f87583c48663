"""Django admin as a browser uses it: choosing rows of a list, confirming, reading the report."""

from typing import Any

from django.test import Client

from customers.models import Customer


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


def customer_url(customer: Customer, section: str = "") -> str:
    """A customer's page, or one of its sections."""
    path = f"/admin/customers/customer/{customer.pk}/change/"
    return f"{path}?section={section}" if section else path


def opened(browser: Client, customer: Customer, section: str, **query: str) -> str:
    """A section of a customer's page."""
    answer = browser.get(customer_url(customer), {"section": section, **query})
    assert answer.status_code == 200
    return answer.content.decode()


def do(browser: Client, customer: Customer, section: str, action: str, **given: Any) -> str:
    """Fill in a form of a section, confirmed if it asks. Returns the page that is shown then."""
    body = {"do": action, "confirmed": "yes"} | {f"given-{name}": value for name, value in given.items()}
    answer = browser.post(customer_url(customer, section), body, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()
