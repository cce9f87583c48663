"""Logins and sessions in Django admin. It calls the same actions as the REST API."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.auth.views import PasswordChangeView
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from rest_framework.exceptions import APIException

from accounts import page_sessions
from accounts.actions.sessions import check_credentials, end_session
from accounts.actions.users import confirm_password, create_user, remove_user, set_password, update_user
from accounts.authentication import user_of
from accounts.hashers import HashingBusy
from accounts.models import AuditEntry, Role, Session, User
from accounts.page_sessions import page_session
from accounts.serializers import MAX_PASSWORD_LENGTH
from core.admin.actions import RowAction, RowForm, for_selected
from core.admin.json_text import shown_json
from core.admin.readonly import ReadOnlyAdmin
from core.admin.reasons import texts_of
from core.admin.refusals import ActionForm, RefusalsAdmin
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
    """All other sessions end; `session` is the one that asks."""

    session: Session | None = None

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


class UserForm(ActionForm):
    role = forms.ChoiceField(choices=[(role.value, role.label) for role in (Role.ADMIN, Role.SALES)])
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
            successors.queryset = User.objects.sellers().exclude(pk=self.instance.pk)  # type: ignore[attr-defined]


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
        self.fields["hand_over_to"].queryset = User.objects.sellers().order_by("username")  # type: ignore[attr-defined]


def _remove(user: User, actor: User, given: Mapping[str, Any]) -> str:
    remove_user(actor=actor, user=user, hand_over_to=given["hand_over_to"])
    return ""


def _end_session(session: Session, actor: User, given: Mapping[str, Any]) -> str:
    if session.ended_at is not None:
        return "It had ended already."
    end_session(session=session, actor=actor)
    return ""


REMOVE = RowAction(
    "remove",
    "Remove the selected logins for good",
    _remove,
    done="removed",
    form=SuccessorForm,
    asks="Nobody can sign in with these logins again, and their sessions end. What they wrote keeps their name.",
    harmful=True,
)
END_SESSION = RowAction(
    "end",
    "End the selected sessions",
    _end_session,
    done="ended",
    asks="Whoever is signed in there has to sign in again.",
)


@admin.register(User)
class UserAdmin(RefusalsAdmin):
    hashes_passwords = True
    renamed = {"password": "new_password"}
    in_transaction = False  # a password is hashed, and customers are handed over
    form = UserForm
    list_display = ("username", "name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email", "first_name", "last_name")
    ordering = ("username",)
    actions = (for_selected(REMOVE),)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Who is looked for in another form is to get a customer.
        looked_for_owner = request.GET.get("field_name") in ("owner", "salesperson")
        found = queryset & User.objects.search(search_term)
        return (found & User.objects.sellers() if looked_for_owner else found), False

    def row_name(self, row: User) -> str:
        return row.name  # which stays after a login was removed

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
    search_fields = ("user__username", "user__email", "=address")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    exclude = ("refresh_jti", "recently_used")
    actions = (for_selected(END_SESSION),)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, and from where. `GET /api/audit/` gives the same."""

    list_display = ("at", "actor", "verb", "about", "customer", "address", "command")
    list_select_related = ("actor",)
    search_fields = ("=verb", "=customer_id", "=request_id", "=address", "actor__username")
    search_help_text = "A verb such as signed_in, the id of a customer or a request, an address, or a username."
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    sortable_by = ()
    fields = ("at", "actor", "command", "verb", "about", "customer", "address", "session_id", "request_id", "told")
    readonly_fields = fields

    @admin.display(description="to")
    def about(self, entry: AuditEntry) -> str:
        return f"{entry.object_type} {entry.object_id}".strip() or "-"

    @admin.display(description="customer")
    def customer(self, entry: AuditEntry) -> str:
        if entry.customer_id is None:
            return "-"
        link = reverse("admin:customers_customer_change", args=[entry.customer_id])
        return format_html('<a href="{}">{}</a>', link, entry.customer_id)

    @admin.display(description="changes")
    def told(self, entry: AuditEntry) -> str:
        return shown_json(entry.changes) if entry.changes else "-"
