"""What the customers in Django admin can show and do. Apps above add to it in their admin modules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.admin.actions import ItemForm, RowAction, for_selected
from customers.models import Customer

# Actions of the list. These are the lists that CustomerAdmin has: they may grow until the first page is asked for.
LIST_ACTIONS: list[Callable[..., HttpResponseBase] | str] = []
# Those of them that a customer's page offers as a button, by their names: to which customers.
BUTTONS: dict[str, Callable[[Customer], bool]] = {}


# Filters of the list, beside those of the customers' own columns.
LIST_FILTERS: list[Any] = []


def add_list_actions(*actions: RowAction, button_for: Callable[[Customer], bool] | None = None) -> None:
    """Offer these for the customers that are selected in the list; with `button_for` also on the pages of such ones."""
    LIST_ACTIONS.extend(for_selected(action) for action in actions)
    if button_for is not None:
        BUTTONS.update(dict.fromkeys((action.name for action in actions), button_for))


def on_item(action: RowAction, rows: Callable[[Customer], "QuerySet[Any]"], *, label: str = "") -> RowAction:
    """What can be done to one of a customer's `rows`, for a button beside it."""

    def act(customer: Customer, actor: Any, given: Mapping[str, Any]) -> str:
        return action.act(rows(customer).get(pk=given["item"]), actor, given)

    return replace(action, act=act, form=ItemForm, label=label or action.label)


# What a section's template is given, for a customer and the request of an admin.
Shown = Callable[[HttpRequest, Customer], Mapping[str, Any]]


@dataclass(frozen=True)
class Section:
    """A part of a customer's page with an address of its own, `?section=<name>`: it is loaded when it is looked at.

    `shown` reads a page of rows at the most. The template is given besides what it returns: `customer`, and `forms`,
    by the name of the action.
    """

    name: str
    title: str
    # The tabs are in this order.
    place: int
    template: str
    shown: Shown
    actions: tuple[RowAction, ...] = ()

    def action(self, name: str) -> RowAction | None:
        """The action with this name, if the section has it."""
        return next((action for action in self.actions if action.name == name), None)


_sections: dict[str, Section] = {}


def add_section(section: Section) -> None:
    """Give the page of each customer this section."""
    _sections[section.name] = section


def sections() -> list[Section]:
    """All there are, in the order of their tabs."""
    return sorted(_sections.values(), key=lambda section: section.place)


def section_named(name: str) -> Section | None:
    """The section with this name."""
    return _sections.get(name)
