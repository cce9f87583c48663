"""Our own reactions to messages. A business has one reaction per message, whichever of its users gave it."""

from typing import Any

from accounts.models import User
from accounts.serializers import user_ref
from core.timestamps import iso
from customers.events import record
from customers.models import Customer
from messaging.models import Message
from messaging.serializers.messages import message_row

# Who a reaction is `from` when it is ours.
BUSINESS = "business"


def show_own_reaction(customer: Customer, reaction: Message, *, actor: User | None) -> None:
    """Show our reaction on the message it belongs to, in place of the one before. The customer is locked.

    An empty one removes it. It is kept without being shown, as for others (messaging/actions/message_changes.py).
    """
    target = reaction.reply_to
    if target is None:
        return
    emoji = reaction.payload["emoji"]
    entry = {"emoji": emoji, "from": BUSINESS, "at": iso(reaction.created_at), "message": reaction.pk}
    if actor is not None:
        entry["user"] = user_ref(actor)
    _replace(customer, target, [entry], actor)


def withdraw_reaction(customer: Customer, reaction: Message) -> None:
    """Remove a reaction that could not be sent from the message it belongs to. Does nothing for other messages."""
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
    row = message_row(target.pk)
    record(customer, "message_updated", row, actor=actor, verb="reaction_set", about=target, changes={})
