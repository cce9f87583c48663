from collections.abc import Mapping
from typing import Any

from django.contrib import admin

from accounts.models import User
from core.admin.actions import RowAction, for_selected
from core.admin.readonly import ReadOnlyAdmin
from customers.admin.searching import HELP, FoundByCustomer
from whatsapp.detaching import detach
from whatsapp.models import Identity


def _detach(identity: Identity, actor: User, given: Mapping[str, Any]) -> str:
    if identity.detached_at is not None:
        return "It had been detached already."
    detach(customer_id=identity.customer_id, identity_id=identity.pk, actor=actor)
    return ""


DETACH = RowAction(
    "detach",
    "Detach: whoever writes from there next is a new customer",
    _detach,
    done="detached",
    asks="Past messages stay where they are. If the address is the customer's phone, nothing is sent there any more "
    "until somebody confirms the phone.",
    harmful=True,
)


@admin.register(Identity)
class IdentityAdmin(FoundByCustomer, ReadOnlyAdmin):
    list_display = (
        "id",
        "customer",
        "business_number",
        "wa_id",
        "user_id",
        "username",
        "last_inbound_at",
        "detached_at",
        "marketing_stopped_at",
    )
    list_select_related = ("customer", "business_number")
    list_filter = (
        ("detached_at", admin.EmptyFieldListFilter),
        ("marketing_stopped_at", admin.EmptyFieldListFilter),
        "business_number",
    )
    search_fields = ("wa_id", "user_id", "folded")
    search_help_text = f"{HELP}, or what stands in the address."
    sortable_by = ()
    ordering = ("-pk",)
    actions = (for_selected(DETACH),)
