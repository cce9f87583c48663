"""Everyone who sees a customer, and by which rule: customers/visibility.py, the other way round."""

from typing import Annotated, TypedDict

from accounts.models import Role, User
from core.shapes import OneOf, Ref
from customers.models import Customer
from customers.visibility import has_on_desk

RULES = ("admin", "owner", "manager", "unassigned", "self")


class Access(TypedDict):
    """Somebody who sees a customer."""

    user: Annotated[Ref, "who"]
    role: Annotated[str, Role]
    rule: Annotated[
        str,
        OneOf(RULES),
        "`admin`: sees everybody; `owner`: has them; `manager`: of the team of the owner; `unassigned`: nobody has "
        "them, and salespeople see those (SALES_SEE_UNASSIGNED); `self`: the customer's own login",
    ]
    team: Annotated[Ref | None, "with `manager`: the team of the owner"]


def who_sees(customer: Customer) -> list[Access]:
    """The active logins that see a customer, by name, each with the strongest of its rules."""
    # By the customer's id of the login: by the login's customer, PostgreSQL would read all logins.
    logins = User.objects.staff() | User.objects.present().filter(pk=customer.user_id or 0)
    team = customer.owner.team if customer.owner is not None else None
    team_ref: Ref | None = {"id": team.pk, "name": team.name} if team is not None else None
    found: list[Access] = []
    for user in logins.filter(is_active=True):
        rule = _rule(user, customer)
        if rule is not None:
            ref: Ref = {"id": user.pk, "name": user.name}
            shown = team_ref if rule == "manager" else None
            found.append({"user": ref, "role": user.role, "rule": rule, "team": shown})
    return sorted(found, key=lambda one: (one["user"]["name"].casefold(), one["user"]["id"]))


def _rule(user: User, customer: Customer) -> str | None:
    if user.role == Role.CUSTOMER:
        return "self"
    if not has_on_desk(user, customer.owner_id):
        return None
    if user.is_admin:
        return "admin"
    if customer.owner_id is None:
        return "unassigned"
    return "owner" if customer.owner_id == user.pk else "manager"
