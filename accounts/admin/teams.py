"""Teams in Django admin. It calls the same actions as the REST API."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions.teams import create_team, delete_team, people_of, update_team
from accounts.admin.people import offer
from accounts.authentication import user_of
from accounts.models import Team, User
from core.admin.refusals import ActionForm, RefusalsAdmin


class TeamForm(ActionForm):
    names = ("name",)

    members = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        help_text="Salespeople, each in one team at most. Hold Ctrl (on a Mac: Command) to choose several.",
    )
    managers = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        help_text="Salespeople who see and hand over the customers of the members.",
    )

    class Meta:
        model = Team
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members, managers = people_of(self.instance) if self.instance.pk else ([], [])
        for name, people in (("members", members), ("managers", managers)):
            there = User.objects.filter(pk__in=[user.pk for user in people])
            offer(self.fields[name], User.objects.sellers() | there)
            self.initial[name] = [user.pk for user in people]


@admin.register(Team)
class TeamAdmin(RefusalsAdmin):
    """Teams, with their members and managers."""

    form = TeamForm
    fields = ("name", "members", "managers")
    list_display = ("name", "member_names", "manager_names")
    search_fields = ("folded",)
    ordering = ("name",)
    sortable_by = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).prefetch_related("members", "managers")

    @admin.display(description="members")
    def member_names(self, team: Team) -> str:
        return _names(team.members.all())

    @admin.display(description="managers")
    def manager_names(self, team: Team) -> str:
        return _names(team.managers.all())

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in form.changed_data}
        actor = user_of(request)
        obj.pk = (update_team(actor=actor, team=obj, **given) if change else create_team(actor=actor, **given)).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: the action has saved who is in the team."""

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        delete_team(actor=user_of(request), team=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        for team in queryset.order_by("pk"):
            delete_team(actor=user_of(request), team=team)


def _names(users: Any) -> str:
    return ", ".join(sorted((user.name for user in users if user.deleted_at is None), key=str.casefold)) or "-"
