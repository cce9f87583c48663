"""What an admin can do to customers in Django admin, to one or to many: the actions of the API with their forms."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.admin.people import offer
from accounts.models import User
from core.admin.actions import RowAction, RowForm
from customers.actions.assignments import assign
from customers.actions.customers import erase_customer, set_state
from customers.actions.groups import add_member, remove_member
from customers.actions.loyalty import add_points, set_tier
from customers.actions.phones import confirm_phone
from customers.models import MAX_POINTS, Customer, CustomerGroup, LoyaltyTier

Given = Mapping[str, Any]

_LONGEST_REASON = 500


class AssignForm(RowForm):
    salesperson = forms.ModelChoiceField(User.objects.none(), empty_label="Choose a salesperson")
    note = forms.CharField(
        required=False, max_length=1_000, help_text="Why, for whoever gets the chat. Colleagues can see it."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sellers = User.objects.sellers()
        if self.row is not None and self.row.owner_id is not None:
            sellers = sellers.exclude(pk=self.row.owner_id)
        offer(self.fields["salesperson"], sellers)


class TierForm(RowForm):
    tier = forms.ChoiceField(choices=[("", "what they have earned by spending"), *LoyaltyTier.choices], required=False)
    reason = forms.CharField(required=False, max_length=_LONGEST_REASON)


class PointsForm(RowForm):
    points = forms.IntegerField(
        min_value=-MAX_POINTS, max_value=MAX_POINTS, help_text="With a minus in front they are taken away."
    )
    reason = forms.CharField(
        max_length=_LONGEST_REASON, help_text="It stays in the ledger, which the customer can see."
    )


class GroupForm(RowForm):
    group = forms.ModelChoiceField(CustomerGroup.objects.order_by("folded", "pk"), empty_label="Choose a group")


def _assign(customer: Customer, actor: User, given: Given) -> str:
    assign(customer_id=customer.pk, salesperson=given["salesperson"], actor=actor, note=given["note"])
    return f"to {given['salesperson'].name}"


def _confirm_phone(customer: Customer, actor: User, given: Given) -> str:
    return confirm_phone(customer_id=customer.pk, actor=actor).phone or ""


def _setting(**flags: bool) -> Any:
    """An act that gives a customer these flags, and says if they had them."""

    def act(customer: Customer, actor: User, given: Given) -> str:
        same = all(getattr(customer, name) == value for name, value in flags.items())
        set_state(customer_id=customer.pk, actor=actor, **flags)
        return "It was so already." if same else ""

    return act


def _tier(customer: Customer, actor: User, given: Given) -> str:
    changed = set_tier(customer_id=customer.pk, actor=actor, tier=given["tier"] or None, reason=given["reason"])
    return changed.loyalty_tier


def _points(customer: Customer, actor: User, given: Given) -> str:
    changed = add_points(customer_id=customer.pk, actor=actor, points=given["points"], reason=given["reason"])
    return f"{changed.loyalty_points} points now"


def _join(customer: Customer, actor: User, given: Given) -> str:
    add_member(group=given["group"], customer_id=customer.pk, actor=actor)
    return ""


def _leave(customer: Customer, actor: User, given: Given) -> str:
    remove_member(group=given["group"], customer_id=customer.pk, actor=actor)
    return ""


def _erase(customer: Customer, actor: User, given: Given) -> str:
    erase_customer(customer_id=customer.pk, actor=actor)
    return ""


ASSIGN = RowAction(
    "assign",
    "Assign to a salesperson",
    _assign,
    done="handed over",
    form=AssignForm,
    asks="The chat leaves the desk of whoever has it now, and appears on that of the salesperson you choose.",
)
CONFIRM_PHONE = RowAction(
    "confirm_phones",
    "Confirm the phone",
    _confirm_phone,
    done="confirmed",
    asks="You vouch that the phone they claim is theirs: messages from it reach their chat from then on.",
)
VERIFY = RowAction("verify", "Mark as verified", _setting(is_verified=True), done="verified")
MAKE_VIP = RowAction("make_vip", "Make VIP", _setting(is_vip=True), done="made VIP")
END_VIP = RowAction("end_vip", "Make VIP no longer", _setting(is_vip=False), done="no longer VIP")
TIER = RowAction(
    "set_tier",
    "Set the loyalty tier",
    _tier,
    done="set",
    form=TierForm,
    asks="The ledger of points says who set the tier, and why.",
)
POINTS = RowAction("add_points", "Add or take away points", _points, done="changed", form=PointsForm)
JOIN_GROUP = RowAction("join_group", "Add to a group", _join, done="added", form=GroupForm)
LEAVE_GROUP = RowAction(
    "leave_group",
    "Remove from a group",
    _leave,
    done="removed",
    form=GroupForm,
    asks="Only those who were added by hand. Who matches the rules of the group stays in it.",
)
ERASE = RowAction(
    "erase",
    "Erase for good",
    _erase,
    done="erased",
    asks="The person, their chat and files, orders, addresses, contacts and login are deleted. Nobody can undo that.",
    harmful=True,
)
