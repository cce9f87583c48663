"""Pages in Django admin whose forms are saved by the same actions as the API."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from rest_framework.exceptions import APIException

from core.admin.actions import ActionsAdmin
from core.admin.reasons import GONE, REFUSALS, Reasons, add_reasons, reasons_of
from core.db.failures import Trouble, trouble_of
from core.names import check_name

# How often a form is read again after a rival took what it wants.
_LOOKS = 2


class ActionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A form whose action knows which rows clash, and says so in words: Django would name the constraint."""

    # Which fields are names that people read (core/names.py).
    names: ClassVar[tuple[str, ...]] = ()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in set(self.names).intersection(self.changed_data):
            try:
                if cleaned.get(field):
                    check_name(cleaned[field])
            except ValidationError as unfit:
                self.add_error(field, unfit)
        return cleaned

    def validate_unique(self) -> None:
        """Nothing: the action does."""

    def _post_clean(self) -> None:
        # Django asks the row, not the form, whether it breaks a constraint.
        self.instance.validate_constraints = _left_to_the_action
        try:
            super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        finally:
            del self.instance.validate_constraints


def _left_to_the_action(exclude: Any = None) -> None:
    pass


class RefusalsAdmin(ActionsAdmin):
    """A page whose forms are saved by the same actions as the API.

    If an action refuses, the form is shown again as it was filled in, with the reasons beside its fields. Passwords
    have to be entered again.
    """

    form = ActionForm
    # Django's admin saves a form in one transaction. Off for forms whose action is slow and has transactions of its
    # own: no lock may be held while it works. The line in the admin's log is then written after the change.
    in_transaction = True
    # The fields of the form that an action knows by another name.
    renamed: dict[str, str] = {}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        reasons: Reasons | None = getattr(request, "refused_because", None)
        return form if reasons is None else _refused_form(form, reasons, self.renamed)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        view: Any = super().changeform_view if self.in_transaction else super()._changeform_view  # type: ignore[misc]
        busy = False
        for looks_left in reversed(range(_LOOKS)):
            try:
                response: HttpResponse = view(request, object_id, form_url, extra_context)
                return response
            except IntegrityError as clash:
                # Read again, the form sees the rival's row and says in which field it is in the way.
                if not looks_left:
                    request.refused_because = reasons_of(clash)  # type: ignore[attr-defined]
            except Http404:
                return self.gone(request)
            except REFUSALS as refused:
                busy = trouble_of(refused) is Trouble.BUSY
                request.refused_because = reasons_of(refused)  # type: ignore[attr-defined]
                break
        shown: HttpResponse = view(request, object_id, form_url, extra_context)
        if busy:
            shown.status_code = 503
            shown.headers["Retry-After"] = "1"
        return shown

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().delete_view(request, *args, **kwargs)
            return response
        except APIException as refused:
            for texts in reasons_of(refused).values():
                for text in texts:
                    self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        except Http404:
            return self.gone(request)

    def gone(self, request: HttpRequest) -> HttpResponse:
        """Say on the list that the row is no longer there."""
        self.message_user(request, GONE, messages.ERROR)
        return HttpResponseRedirect(reverse(f"admin:{self._named('changelist')}"))


def _refused_form(form: "type[forms.BaseForm]", reasons: Reasons, renamed: dict[str, str]) -> Any:
    """The form, which shows besides its own errors why what it holds was refused."""

    def full_clean(self: Any) -> None:
        form.full_clean(self)
        if self.is_bound:
            add_reasons(self, reasons, renamed=renamed)

    return type(form.__name__, (form,), {"full_clean": full_clean})
