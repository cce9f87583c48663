"""The data and files on a customer's page in Django admin: an admin's own, as in the API."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest

from accounts.models import User
from core.admin.actions import ItemForm, RowAction, RowForm
from core.files.links import link
from customer_data.actions import create_data, delete_data
from customer_data.models import MAX_KEY, CustomerData
from customer_data.serializers import MAX_VALUE
from customers.admin.registry import Section, add_section
from customers.models import Customer

_ROWS = 50
Given = Mapping[str, Any]


class EntryForm(RowForm):
    key = forms.CharField(max_length=MAX_KEY)
    value = forms.CharField(max_length=MAX_VALUE, widget=forms.Textarea(attrs={"rows": 3}), strip=False)


def _create(customer: Customer, actor: User, given: Given) -> str:
    return create_data(customer_id=customer.pk, actor=actor, key=given["key"], value=given["value"]).key


def _delete(customer: Customer, actor: User, given: Given) -> str:
    entry = CustomerData.objects.visible_to(actor).get(customer=customer, pk=given["item"])
    delete_data(entry=entry, actor=actor)
    return str(entry.key)


CREATE = RowAction("create_data", "Add an entry", _create, done="added", form=EntryForm)
DELETE = RowAction(
    "delete_data",
    "Delete",
    _delete,
    done="deleted",
    form=ItemForm,
    asks="The entry is deleted, and its file with it.",
    harmful=True,
)


def _entries(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    own = CustomerData.objects.visible_to(request.user).filter(customer=customer).order_by("-created_at", "-pk")
    rows = [
        {"entry": entry, "url": link(entry.file.name, request=request) if entry.file else None} for entry in own[:_ROWS]
    ]
    return {"entries": rows, "rows": _ROWS}


add_section(Section("data", "Data and files", 45, "admin/customer_data/customer.html", _entries, (CREATE, DELETE)))
