"""`/api/audit/`: the audit trail, for admins."""

from typing import Annotated, Any, TypedDict

from django.db.models import QuerySet
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.filters import AuditFilter
from accounts.models import AuditEntry
from accounts.permissions import IsAdmin
from accounts.serializers import user_ref
from core.changes import Change
from core.documentation import documented
from core.pagination import KeysetPages
from core.shapes import CursorPage, Ref, Time
from core.timestamps import iso


class AuditRow(TypedDict):
    """One thing that somebody did."""

    id: int
    at: Time
    actor: Annotated[Ref | None, "who did it; null for a command, for nobody who is signed in, and for who was erased"]
    verb: Annotated[str, "what was done, such as `customer_updated`; docs/api.md lists them"]
    object_type: Annotated[str, "the kind of row it was done to, such as `order`; empty if it was none"]
    object_id: Annotated[str, "the id of that row, which may be deleted by now"]
    customer: Annotated[int | None, "the id of the customer concerned"]
    address: Annotated[str, "the address the request came from; empty for a command"]
    request_id: Annotated[str, "the request's `X-Request-ID`; for a command its name"]
    changes: Annotated[dict[str, Change], "by field; of secrets only that they changed"]


def audit_row(entry: AuditEntry) -> AuditRow:
    return AuditRow(
        id=entry.pk,
        at=iso(entry.at),
        actor=user_ref(entry.actor),
        verb=entry.verb,
        object_type=entry.object_type,
        object_id=entry.object_id,
        customer=entry.customer_id,
        address=entry.address,
        request_id=entry.request_id or entry.command,
        changes=entry.changes,
    )


class AuditPages(KeysetPages):
    time_field = "at"


class AuditView(GenericAPIView[AuditEntry]):
    queryset = AuditEntry.objects.select_related("actor")
    permission_classes = (IsAdmin,)
    filterset_class = AuditFilter
    pagination_class = AuditPages

    @documented(responses={200: CursorPage[AuditRow]})
    def get(self, request: Request) -> Response:
        """List what was done, by whom and from where, newest first. Entries are kept for AUDIT_RETENTION_DAYS."""
        rows: QuerySet[Any] = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([audit_row(entry) for entry in page])
