"""Private files, opened by links that die with a session; reading some of them leaves a trace."""

from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase

from accounts.actions.sessions import user_of_session
from accounts.audit import audit
from core.files.views import PrivateFileView


class SessionFileView(PrivateFileView):
    """A file that those may open who are signed in, and may see its row."""

    def user_of_session(self, sid: UUID) -> Any:
        return user_of_session(sid)


class TracedFileView(SessionFileView):
    """The audit trail tells who opened the file. Not who looked at pictures that are shown with a row anyway.

    Players ask for a film in many parts, and browsers whether they have the newest: neither opens the file again.
    `customer_path` leads from the row to the id of its customer.
    """

    customer_path: ClassVar[str] = "customer_id"

    def served(self, response: HttpResponseBase, user: Any, rows: Any) -> None:
        part = response.headers.get("Content-Range", "")
        if self.request.method != "GET" or response.status_code not in (200, 206, 302):
            return
        if part and not part.startswith("bytes 0-"):
            return
        for pk, customer in rows.values_list("pk", self.customer_path)[:1]:
            audit("file_read", self.model(pk=pk), actor=user, customer=customer)
