"""Logins and sessions in Django admin. It calls the same actions as the REST API."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import APIException

from accounts.actions.sessions import check_credentials, end_session
from accounts.actions.users import create_user, remove_user, set_password, update_user
from accounts.authentication import user_of
from accounts.hashers import HashingBusy
from accounts.models import Role, Session, User
from accounts.serializers import MAX_PASSWORD_LENGTH
from core.admin.readonly import ReadOnlyAdmin
from core.admin.refusals import RefusalsAdmin, texts_of
from core.throttles import client_address

# What a login may do depends on its role alone.
admin.site.unregister(Group)


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
    def save(self, commit: bool = True) -> User:
        user: User = self.user
        set_password(user=user, password=self.cleaned_data["new_password1"])
        return user


def change_own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
    view = PasswordChangeView.as_view(
        form_class=OwnPasswordForm,
        success_url=reverse("admin:password_change_done"),
        extra_context={**admin.site.each_context(request), **(extra_context or {})},
    )
    return view(request)


admin.site.login_form = SignInForm
admin.site.password_change = change_own_password  # type: ignore[assignment]  # a function for a method


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    role = forms.ChoiceField(choices=[(role.value, role.label) for role in (Role.ADMIN, Role.SALES)])
    new_password = forms.CharField(
        required=False,
        strip=False,
        max_length=MAX_PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to keep the current password. A new password ends all sessions of this login.",
    )
    hand_over_to = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label="as the assignment strategy says",
        help_text="Who gets the customers when you deactivate this login or give it another role.",
    )

    class Meta:
        model = User
        fields = ("username", "email", "first_name", "last_name", "role", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.fields["new_password"].required = True
            self.fields["new_password"].help_text = ""
            del self.fields["hand_over_to"]
        elif successors := self.fields.get("hand_over_to"):
            successors.queryset = User.objects.sellers().exclude(pk=self.instance.pk)  # type: ignore[attr-defined]


@admin.register(User)
class UserAdmin(RefusalsAdmin):
    hashes_passwords = True
    in_transaction = False  # a password is hashed, and customers are handed over
    form = UserForm
    list_display = ("username", "name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email", "first_name", "last_name")
    ordering = ("username",)
    actions = ("remove",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return User.objects.present()

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # A customer's login is changed through the customer.
        customers = obj is not None and obj.role == Role.CUSTOMER
        return super().has_change_permission(request, obj) and not customers

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # the row stays as the author of what it wrote: use the action "remove"

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_fields(request, obj)
        left_out = {"hand_over_to"} if obj is None else set()
        if not self.has_change_permission(request, obj):
            left_out |= {"hand_over_to", "new_password"}
        return [name for name in fields if name not in left_out]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # The form has already changed `obj`. The action changes the row as it is now in the database.
        wanted = {name: form.cleaned_data[name] for name in form.changed_data}
        if "new_password" in wanted:
            wanted["password"] = wanted.pop("new_password")
        if change:
            update_user(actor=user_of(request), user=obj, **wanted)
        else:
            obj.pk = create_user(actor=user_of(request), **wanted).pk

    @admin.action(description="Remove the selected logins permanently", permissions=["change"])
    def remove(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            try:
                remove_user(actor=user_of(request), user=user)
            except APIException as refused:
                self.message_user(request, f"{user}: {' '.join(texts_of(refused.detail))}", messages.ERROR)
            else:
                self.message_user(request, f"{user} has been removed.", messages.SUCCESS)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "expires_at", "ended_at")
    list_filter = ("created_at",)
    search_fields = ("user__username", "user__email")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    exclude = ("refresh_jti", "recently_used")
    actions = ("end",)

    @admin.action(description="End the selected sessions", permissions=["view"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset:
            end_session(session=session)
        self.message_user(request, "The sessions have been ended.", messages.SUCCESS)
