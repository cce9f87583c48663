"""Signing in to Django admin, and changing the own password there."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import APIException

from accounts import page_sessions
from accounts.actions.sessions import check_credentials
from accounts.actions.users import confirm_password, set_password
from accounts.hashers import HashingBusy
from accounts.models import Session, User
from accounts.page_sessions import page_session
from core.admin.reasons import texts_of
from core.throttles import client_address


class SignInForm(AdminAuthenticationForm):
    """Failed attempts count together with those of POST /api/auth/login/."""

    def address(self) -> str:
        return client_address(self.request) if self.request else ""

    def clean(self) -> dict[str, Any]:
        login, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if login and password:
            try:
                self.user_cache = check_credentials(login=login, password=password, address=self.address())
            except HashingBusy:
                raise  # answered with 503
            except APIException as refused:
                raise forms.ValidationError(texts_of(refused.detail))
            self.confirm_login_allowed(self.user_cache)
        cleaned: dict[str, Any] = self.cleaned_data
        return cleaned


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
