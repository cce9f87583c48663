"""Logins in Django admin. It calls the same actions as the REST API."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions.mfa import remove_factor
from accounts.actions.passwords import send_reset
from accounts.actions.users import confirm_password, create_user, remove_user, update_user
from accounts.admin.people import offer
from accounts.authentication import user_of
from accounts.models import Role, User
from accounts.serializers import MAX_PASSWORD_LENGTH
from core.admin.actions import RowAction, RowForm, for_selected
from core.admin.refusals import ActionForm, RefusalsAdmin

# What a login may do depends on its role alone.
admin.site.unregister(Group)


class UserForm(ActionForm):
    names = ("username", "first_name", "last_name")

    role = forms.ChoiceField(choices=[(role.value, role.label) for role in (Role.SALES, Role.ADMIN)])
    new_password = forms.CharField(
        required=False,
        strip=False,
        max_length=MAX_PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to keep the current password. A new password ends all sessions of this login.",
    )
    current_password = forms.CharField(
        required=False,
        strip=False,
        max_length=MAX_PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Only to change your own email or password.",
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
            self.fields.pop("current_password", None)
        elif successors := self.fields.get("hand_over_to"):
            offer(successors, User.objects.sellers().exclude(pk=self.instance.pk))


class SuccessorForm(RowForm):
    """Who gets the customers of a login that will be removed."""

    hand_over_to = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label="Give their customers to",
        empty_label="as the assignment strategy says",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["hand_over_to"], User.objects.sellers())


def _remove(user: User, actor: User, given: Mapping[str, Any]) -> str:
    remove_user(actor=actor, user=user, hand_over_to=given["hand_over_to"])
    return ""


def _send_reset(user: User, actor: User, given: Mapping[str, Any]) -> str:
    send_reset(user=user, actor=actor)
    return ""


SEND_RESET = RowAction(
    "send_reset",
    "Mail a link to a new password",
    _send_reset,
    done="mailed",
    asks="Each gets a mail with a link that works once, for 30 minutes. Their password stays until they use it.",
)


def _remove_factor(user: User, actor: User, given: Mapping[str, Any]) -> str:
    remove_factor(user=user, actor=actor)
    return ""


REMOVE_FACTOR = RowAction(
    "remove_factor",
    "Turn off the second factor",
    _remove_factor,
    done="turned off",
    asks="For somebody who has lost their app and their recovery codes. Make sure that it is them who ask.",
    harmful=True,
)
REMOVE = RowAction(
    "remove",
    "Remove for good",
    _remove,
    done="removed",
    form=SuccessorForm,
    asks="Nobody can sign in with these logins again, and their sessions end. What they wrote keeps their name.",
    harmful=True,
)


@admin.register(User)
class UserAdmin(RefusalsAdmin):
    hashes_passwords = True
    renamed = {"password": "new_password"}
    in_transaction = False  # a password is hashed, and customers are handed over
    form = UserForm
    list_display = ("username", "name", "email", "role", "team", "availability", "is_active", "last_login")
    list_filter = ("role", "is_active", "availability", "team")
    list_select_related = ("team",)
    search_fields = ("folded",)
    ordering = ("username",)
    actions = (for_selected(SEND_RESET), for_selected(REMOVE_FACTOR), for_selected(REMOVE))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Who is looked for in another form is to get a customer.
        looked_for_owner = request.GET.get("field_name") in ("owner", "salesperson")
        found = queryset & User.objects.search(search_term)
        return (found & User.objects.sellers() if looked_for_owner else found), False

    def row_name(self, row: User) -> str:
        return row.name  # which stays after a login was removed

    def offers(self, action: str, row: User) -> bool:
        return row.role != Role.CUSTOMER

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
        if obj is None or obj.pk != user_of(request).pk:
            left_out.add("current_password")
        if not self.has_change_permission(request, obj):
            left_out |= {"hand_over_to", "new_password"}
        return [name for name in fields if name not in left_out]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # The form has already changed `obj`. The action changes the row as it is now in the database.
        wanted = {name: form.cleaned_data[name] for name in form.changed_data}
        password = wanted.pop("current_password", None)
        if obj.pk == user_of(request).pk and not wanted.keys().isdisjoint({"email", "new_password"}):
            confirm_password(user=user_of(request), password=password)
        if "new_password" in wanted:
            wanted["password"] = wanted.pop("new_password")
        if change:
            update_user(actor=user_of(request), user=obj, **wanted)
        else:
            obj.pk = create_user(actor=user_of(request), **wanted).pk
