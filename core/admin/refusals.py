"""Pages in Django admin whose forms are saved by the same actions as the API."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from rest_framework.exceptions import APIException


class RefusalsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """A page whose forms are saved by the same actions as the API.

    If an action refuses, the page is shown again with its text above the form.
    """

    # Django's admin saves a form in one transaction. Off for forms whose action is slow and has transactions of its
    # own: no lock may be held while it works. The line in the admin's log is then written after the change.
    in_transaction = True

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        view: Any = super().changeform_view if self.in_transaction else super()._changeform_view  # type: ignore[misc]
        try:
            response: HttpResponse = view(request, object_id, form_url, extra_context)
            return response
        except APIException as refused:
            return self.refused(request, refused)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().delete_view(request, *args, **kwargs)
            return response
        except APIException as refused:
            return self.refused(request, refused)

    def refused(self, request: HttpRequest, error: APIException) -> HttpResponse:
        """Show the page again with the reason why nothing was changed."""
        for text in texts_of(error.detail):
            self.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


def texts_of(detail: Any) -> list[str]:
    """All texts in the detail of an API error, however deep it is nested. A code beside a text is left out."""
    if isinstance(detail, dict):
        if "detail" in detail:
            return texts_of(detail["detail"])
        return [text for part in detail.values() for text in texts_of(part)]
    if isinstance(detail, list):
        return [text for part in detail for text in texts_of(part)]
    return [str(detail)]
