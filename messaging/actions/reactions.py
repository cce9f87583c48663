"""Reactions of ours to a message of the chat. In WhatsApp a business has one per message, whoever gave it."""

from typing import Any

from accounts.models import User
from core.timestamps import iso
from customers.events import record
from customers.models import Customer
from messaging.models import Message
from messaging.serializers.messages import message_row

BUSINESS = "business"


def show_own_reaction(customer: Customer, reaction: Message, *, actor: User | None) -> None:
    """Show our reaction on the message it answers, in the place of the one before. The customer is locked.

    An empty one stays, as those of others do (messaging/actions/message_changes.py), and is not shown.
    """
    target = reaction.reply_to
    if target is None:
        return
    emoji = reaction.payload["emoji"]
    entry = {"emoji": emoji, "from": BUSINESS, "at": iso(reaction.created_at), "message": reaction.pk}
    if actor is not None:
        entry["user"] = {"id": actor.pk, "name": actor.name}
    _replace(customer, target, [entry], actor)


def withdraw_reaction(customer: Customer, reaction: Message) -> None:
    """Take a reaction that could not be sent off its message again. Other messages are left alone."""
    target = reaction.reply_to
    if reaction.type != "reaction" or target is None:
        return
    target.refresh_from_db(fields=["reactions"])
    if any(entry.get("message") == reaction.pk for entry in target.reactions):
        _replace(customer, target, [], None)


def _replace(customer: Customer, target: Message, ours: list[dict[str, Any]], actor: User | None) -> None:
    target.refresh_from_db(fields=["reactions"])
    target.reactions = [entry for entry in target.reactions if entry.get("from") != BUSINESS] + ours
    target.save(update_fields=["reactions"])
    record(customer, "message_updated", message_row(target.pk), actor=actor)
