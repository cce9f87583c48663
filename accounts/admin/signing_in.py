"""Signing in to Django admin, and changing the own password there."""

import base64
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import APIException, ValidationError

from accounts import page_sessions
from accounts.actions.mfa import again, confirm, set_up
from accounts.actions.sessions import check_credentials
from accounts.actions.users import confirm_password, set_password
from accounts.hashers import HashingBusy
from accounts.models import Session, User
from accounts.page_sessions import page_session
from accounts.second_factor import SETUP, Pending, pending_step, prove, read_mfa_token
from core.admin.reasons import texts_of
from core.throttles import client_address

# Nothing is wrong, but there is another step.
NEXT_STEP = "next_step"


class SignInForm(AdminAuthenticationForm):
    """Signs in in two steps, the second of which asks for a code. Failures count together with those of the API.

    `pending` is the step that the page has to ask for, once the password was right. Where a second factor is required
    and missing, it is set up here: `setup` is what the app needs, and then `recovery_codes` are shown once.
    """

    pending: Pending | None = None
    setup: tuple[str, str, str] | None = None
    recovery_codes: list[str] | None = None

    mfa_token = forms.CharField(required=False, widget=forms.HiddenInput)
    code = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("mfa_token"):
            self.fields["username"].required = self.fields["password"].required = False

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        try:
            if given.get("mfa_token"):
                self._second_step(given["mfa_token"], given.get("code", ""))
            elif given.get("username") and given.get("password"):
                self._first_step(given["username"], given["password"])
        except HashingBusy:
            raise  # answered with 503
        except APIException as refused:
            raise forms.ValidationError(texts_of(refused.detail))
        return given

    def _first_step(self, login: str, password: str) -> None:
        address = client_address(self.request) if self.request else ""
        user = check_credentials(login=login, password=password, address=address)
        self.confirm_login_allowed(user)
        pending = pending_step(user)
        if pending is None:
            self.user_cache = user
            return
        if pending.step == SETUP:
            self.setup = set_up(user=user)
        self._ask_for(pending)

    def _second_step(self, token: str, code: str) -> None:
        user, step = read_mfa_token(token)
        self.confirm_login_allowed(user)
        self.pending = Pending(step, token)
        if step == SETUP:
            try:
                self.recovery_codes = confirm(user=user, code=code)
            except ValidationError:
                self.setup = again(user=user)
                raise
            self._ask_for(None)
            return
        prove(user, code)
        self.user_cache = user

    def _ask_for(self, pending: Pending | None) -> None:
        """Keep the page from signing in: it goes on with another step, or shows the recovery codes."""
        self.pending = pending
        self.add_error(None, forms.ValidationError("", code=NEXT_STEP))

    @property
    def qr(self) -> str:
        """The QR code as an address of a picture."""
        svg = self.setup[2] if self.setup else ""
        return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"

    @property
    def complaints(self) -> list[str]:
        """What was wrong, in words."""
        return [text for error in self.non_field_errors().as_data() for text in error.messages if text]


class OwnPasswordForm(AdminPasswordChangeForm):
    """All other sessions end; `session` is the one that asks."""

    session: Session | None = None

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        try:
            confirm_password(user=self.user, password=old)
        except HashingBusy:
            raise  # answered with 503
        except APIException as refused:
            raise forms.ValidationError(texts_of(refused.detail))
        return old

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("new_password1") and cleaned.get("new_password1") == cleaned.get("old_password"):
            self.add_error("new_password1", "This is the old password. Choose another one.")
        return cleaned

    def save(self, commit: bool = True) -> User:
        user: User = self.user
        set_password(user=user, password=self.cleaned_data["new_password1"], keep=self.session)
        return user


class OwnPasswordView(PasswordChangeView):
    form_class = OwnPasswordForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.session = page_session(self.request)  # type: ignore[attr-defined]
        return form


def change_own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
    view = OwnPasswordView.as_view(
        success_url=reverse("admin:password_change_done"),
        extra_context={**admin.site.each_context(request), **(extra_context or {})},
    )
    return view(request)


# Django tells by these signals alone that somebody signs in or out on a page.
user_logged_in.connect(page_sessions.signed_in)
user_logged_out.connect(page_sessions.signed_out)
admin.site.login_form = SignInForm
admin.site.password_change = change_own_password  # type: ignore[assignment]  # a function for a method
