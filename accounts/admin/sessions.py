"""Sessions in Django admin."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.actions.sessions import end_session
from accounts.models import Session, User
from core.admin.actions import RowAction, for_selected
from core.admin.readonly import ReadOnlyAdmin


def _end_session(session: Session, actor: User, given: Mapping[str, Any]) -> str:
    if session.ended_at is not None:
        return "It had ended already."
    end_session(session=session, actor=actor)
    return ""


END_SESSION = RowAction(
    "end",
    "End the selected sessions",
    _end_session,
    done="ended",
    asks="Whoever is signed in there has to sign in again.",
)


class InUse(admin.SimpleListFilter):
    title = "use"
    parameter_name = "in_use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "in use now"), ("live", "not ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        wanted = {"now": Session.objects.in_use(now), "live": Session.objects.live(now)}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(pk__in=wanted.values("pk"))


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "created_at", "last_seen_at", "address", "ended_at")
    list_filter = (InUse, "kind", "user__role", "created_at")
    search_fields = ("user__folded", "=address")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    exclude = ("refresh_jti", "recently_used")
    actions = (for_selected(END_SESSION),)
