"""Who may be the same person, merging two customers, and undoing it, on a customer's page in Django admin."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest

from accounts.authentication import user_of
from accounts.models import User
from core.admin.actions import ItemForm, RowAction, RowForm
from customers.actions.merge import merge_customers, preview
from customers.actions.unmerge import merges_of, undo_merge
from customers.admin.registry import Section, add_section
from customers.duplicates import possible_duplicates
from customers.models import Assignment, Customer, Merge
from messaging.channels import channels

Given = Mapping[str, Any]

_REASONS = {"phone": "the same phone", "email": "the same email", "name": "the same name", "wa_id": "write as the same"}


class _CustomerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """Names who is chosen with their number: the two are often called the same."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.customer_id})"


class MergeForm(RowForm):
    """The other customer, and which of the two stays."""

    other = _CustomerField(
        Customer.objects.all(),
        label="Other customer",
        help_text="Type a part of the name, a phone or a number such as CUST000001.",
        widget=AutocompleteSelect(Assignment._meta.get_field("customer"), admin.site),
    )
    stays = forms.ChoiceField(
        label="Who stays",
        choices=[("this", "the customer of this page"), ("other", "the other customer")],
        widget=forms.RadioSelect,
        initial="this",
    )


def _both(customer: Customer, given: Given) -> tuple[Customer, Customer]:
    """Who goes, and who stays."""
    return (given["other"], customer) if given["stays"] == "this" else (customer, given["other"])


def _merge(customer: Customer, actor: User, given: Given) -> str:
    gone, into = _both(customer, given)
    merge_customers(gone_id=gone.pk, into_id=into.pk, actor=actor)
    return f"{gone.customer_id} is part of {into.customer_id} now"


def _foresee(customer: Customer, given: Given) -> list[str]:
    gone, into = _both(customer, given)
    planned = preview(gone=gone, into=into, keep={})
    moved = ", ".join(f"{count} {name}" for name, count in planned["moves"].items() if count)
    lines = [
        f"{gone.name} ({gone.customer_id}) becomes part of {into.name} ({into.customer_id}).",
        f"Moves: {moved or 'nothing'}.",
    ]
    for one in planned["differs"]:
        kept = one["this"] if one["kept"] == "this" else one["into"]
        lines.append(f"{one['field'].removeprefix('is_').replace('_', ' ').capitalize()}: {_value(kept)} is kept.")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", value))
    return {True: "yes", False: "no", None: "nothing", "": "nothing"}.get(value, str(value))


def _undo(customer: Customer, actor: User, given: Given) -> str:
    # Only one of this customer's.
    merge = next((one for one, _ in merges_of(customer, actor) if one.pk == given["item"]), None)
    if merge is None:
        raise Merge.DoesNotExist
    undo_merge(merge_id=merge.pk, actor=actor)
    return f"{merge.gone.name} is a customer of their own again"


MERGE = RowAction(
    "merge",
    "Merge with another customer",
    _merge,
    done="merged",
    form=MergeForm,
    asks="The chat and everything else become those of the one who stays. It can be undone within 14 days. To choose "
    "field by field what is kept, merge at the desk.",
    harmful=True,
    foresee=_foresee,
)
UNDO = RowAction(
    "undo_merge",
    "Undo",
    _undo,
    done="undone",
    form=ItemForm,
    asks="Each customer has again what they had. What came since stays with this one.",
    harmful=True,
)


def _duplicates(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    writing_as: set[int] = set()
    for channel in channels().values():
        writing_as |= channel.customers_writing_as(customer)
    found = possible_duplicates(customer, among=Customer.objects.all(), writing_as=writing_as)
    rows = Customer.objects.select_related("owner").in_bulk([pk for pk, _ in found])
    merges = merges_of(customer, user_of(request))
    return {
        "duplicates": [
            {"customer": rows[pk], "why": ", ".join(_REASONS[reason] for reason in reasons)}
            for pk, reasons in found
            if pk in rows
        ],
        "merges": [{"merge": merge, "can_undo": can_undo} for merge, can_undo in merges],
    }


add_section(Section("duplicates", "Duplicates", 70, "admin/messaging/duplicates.html", _duplicates, (MERGE, UNDO)))
