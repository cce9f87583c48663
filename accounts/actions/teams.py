"""Creating, changing and deleting teams. What is refused raises a ValidationError (400) and changes nothing.

Every change writes anew whom the managers concerned lead (`User.leads`), and their sockets look at their rights again.
Locks come in one order: the team, then logins by id.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from rest_framework.exceptions import NotFound, ValidationError

from accounts.actions.sessions import recheck
from accounts.audit import audit
from accounts.models import Team, User
from core.changes import changed, gone, made

_TAKEN = "A team with this name already exists."
_NO_SELLER = "Only an active salesperson can be in a team or manage one."
# What is called with a team that is locked.
Check = Callable[[Team], None]


def create_team(*, actor: User | None, name: str, members: Iterable[User] = (), managers: Iterable[User] = ()) -> Team:
    """Create a team and return it. Raises ValidationError for a taken name, and for somebody who cannot be in it."""
    return _named(lambda: _create(actor, name, list(members), list(managers)))


@transaction.atomic
def _create(actor: User | None, name: str, members: list[User], managers: list[User]) -> Team:
    team = Team.objects.create(name=name)
    _set_people(team, members, managers)
    audit("team_created", team, actor=actor, changes={**made(team, "name"), **_told([], members, [], managers)})
    return team


def update_team(*, actor: User | None, team: Team, check: Check | None = None, **changes: Any) -> Team:
    """Change a team and return it as it is now. `changes` may name `name`, `members` and `managers`.

    `check` is called with the locked team before anything is changed, and may raise. Raises as `create_team`, and
    NotFound if the team is gone.
    """
    return _named(lambda: _update(actor, team, check, changes))


@transaction.atomic
def _update(actor: User | None, team: Team, check: Check | None, changes: dict[str, Any]) -> Team:
    current = _lock(team)
    if check is not None:
        check(current)
    before = people_of(current)
    old_name, current.name = current.name, changes.get("name", current.name)
    if current.name != old_name:
        current.save(update_fields=["name"])
    members = list(changes.get("members", before[0]))
    managers = list(changes.get("managers", before[1]))
    _set_people(current, members, managers)
    renamed = changed({"name": old_name}, {"name": current.name})
    told = {**renamed, **_told(before[0], members, before[1], managers)}
    if told:
        audit("team_changed", current, actor=actor, changes=told)
    return current


@transaction.atomic
def delete_team(*, actor: User | None, team: Team, check: Check | None = None) -> None:
    """Delete a team. Its members stay, and its managers no longer see their customers. Raises NotFound."""
    current = _lock(team)
    if check is not None:
        check(current)
    members, managers = people_of(current)
    _set_people(current, [], [])
    told = {**gone(current, "name"), **_told(members, [], managers, [])}
    audit("team_deleted", current, actor=actor, changes=told)
    current.delete()


def leave_teams(user: User) -> None:
    """Take a login that stops selling for good out of the team it is in, and out of those it manages.

    The login and its managers must be locked (`with_managers`).
    """
    over = list(User.objects.filter(managed_teams__members=user))
    user.team = None
    user.leads = []
    User.objects.filter(pk=user.pk).update(team=None, leads=[])
    user.managed_teams.clear()
    _write_leads([manager for manager in over if manager.pk != user.pk])


def with_managers(user: User) -> Q:
    """The condition for a login and for the managers of its team."""
    return Q(pk=user.pk) | Q(pk__in=User.objects.filter(managed_teams__members=user).values("pk"))


def people_of(team: Team) -> tuple[list[User], list[User]]:
    """The members and the managers of a team by name, without those who were removed."""
    return _by_name(team.members.present()), _by_name(team.managers.present())


def _by_name(users: Any) -> list[User]:
    return sorted(users, key=lambda user: (user.name.casefold(), user.pk))


def _lock(team: Team) -> Team:
    found = Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first()
    if found is None:
        raise NotFound
    return found


def _named(save: Callable[[], Team]) -> Team:
    try:
        return save()
    except IntegrityError:  # of all that is written here, only the name can be taken
        raise ValidationError({"name": [_TAKEN]})


def _set_people(team: Team, members: Sequence[User], managers: Sequence[User]) -> None:
    """Make these the people of a team."""
    were, managed = set(team.members.all()), set(team.managers.all())
    concerned = {user.pk for user in {*were, *managed, *members, *managers}}
    # Who is moved at the same time waits here, and then finds how it is by then.
    now = {
        user.pk: user for user in User.objects.select_for_update(no_key=True).filter(pk__in=concerned).order_by("pk")
    }
    _check(team, now, "members", {user.pk for user in members} - {user.pk for user in were})
    _check(team, now, "managers", {user.pk for user in managers} - {user.pk for user in managed})
    wanted = {user.pk for user in members}
    User.objects.filter(pk__in=[user.pk for user in were if user.pk not in wanted], team=team).update(team=None)
    User.objects.filter(pk__in=wanted).update(team=team)
    team.managers.set([user.pk for user in managers])
    _write_leads([now[user.pk] for user in {*managed, *managers}])


def _check(team: Team, now: dict[int, User], field: str, new: set[int]) -> None:
    for pk in sorted(new):
        if not now[pk].sells:
            raise ValidationError({field: [_NO_SELLER]})
        other = now[pk].team_id
        if field == "members" and other is not None and other != team.pk:
            name = Team.objects.get(pk=other).name
            raise ValidationError({field: [f"{now[pk].name} is in the team {name}. Take them out of it first."]})


def _write_leads(managers: Iterable[User]) -> None:
    """Write whom these logins lead. They must be locked."""
    for manager in managers:
        led = User.objects.filter(team__managers=manager).exclude(pk=manager.pk).order_by("pk")
        leads = list(led.values_list("pk", flat=True).distinct())
        if leads != manager.leads:
            User.objects.filter(pk=manager.pk).update(leads=leads)
            recheck(manager.pk)


def _told(
    members: Sequence[User], new_members: Sequence[User], managers: Sequence[User], new_managers: Sequence[User]
) -> dict[str, Any]:
    """What the audit trail says of who came and went: ids."""
    before = {"members": _ids(members), "managers": _ids(managers)}
    return dict(changed(before, {"members": _ids(new_members), "managers": _ids(new_managers)}))


def _ids(users: Sequence[User]) -> list[int]:
    return sorted(user.pk for user in users)
