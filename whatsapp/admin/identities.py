from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.authentication import user_of
from core.admin.readonly import ReadOnlyAdmin
from whatsapp.detaching import detach
from whatsapp.models import Identity


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "customer",
        "business_number",
        "wa_id",
        "user_id",
        "username",
        "profile_name",
        "last_inbound_at",
        "detached_at",
        "marketing_stopped_at",
        "created_at",
    )
    list_select_related = ("customer", "business_number")
    list_filter = (("detached_at", admin.EmptyFieldListFilter),)
    search_fields = ("wa_id", "user_id", "username", "profile_name")
    ordering = ("-pk",)
    actions = ("detach",)

    @admin.action(description="Detach: whoever writes from there next is a new customer")
    def detach(self, request: HttpRequest, queryset: "QuerySet[Identity]") -> None:
        identities = list(queryset.filter(detached_at=None).order_by("pk"))
        for identity in identities:
            detach(customer_id=identity.customer_id, identity_id=identity.pk, actor=user_of(request))
        self.message_user(request, f"Addresses that were detached: {len(identities)}.")
