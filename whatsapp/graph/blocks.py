"""Blocking people at Meta (docs/whatsapp.md, "Blocking")."""

from collections.abc import Iterable
from typing import Any

from messaging.channels import Outcome
from messaging.models import BusinessNumber
from whatsapp.access_tokens import Access
from whatsapp.graph.errors import describe
from whatsapp.graph.refusals import words_of
from whatsapp.graph.transport import GraphTransport
from whatsapp.models import Identity
from whatsapp.payload.json_fields import list_of, object_of

# Meta blocks only people who wrote within the last 24 hours.
_SILENT = 131047
_NOT_BLOCKED = ("WhatsApp blocks only people who wrote in the last 24 hours", "Block them after they write again.")

# What Meta did not do, by the ids of identities: the `block_error` of the customer.
Refused = dict[int, dict[str, Any]]


def set_blocked(number: BusinessNumber, access: Access, identities: Iterable[Identity], *, blocked: bool) -> Refused:
    """Block or unblock people on one of our numbers, and return whom Meta refused. Raises an Outcome.

    If it refuses some, Meta answers with an error and says in it what became of each.
    """
    asked = {_input(identity): identity.pk for identity in identities}
    users = tuple(one for one in asked if one.startswith("+"))
    user_ids = tuple(one for one in asked if not one.startswith("+"))
    transport = GraphTransport(number, access)
    try:
        answer = transport.block(users, user_ids, blocked=blocked)
    except Outcome:
        answer = transport.last_answer()
        if not object_of(answer.get("block_users")).get("failed_users"):
            raise
    failed = map(object_of, list_of(object_of(answer.get("block_users")).get("failed_users")))
    return {pk: _error(one, blocked) for one in failed for pk in _named(one, asked)}


def _input(identity: Identity) -> str:
    return f"+{identity.wa_id}" if identity.wa_id else identity.user_id or identity.parent_user_id or ""


def _named(failed: dict[str, Any], asked: dict[str, int]) -> list[int]:
    """The identities that an item of the answer is about."""
    said = {str(failed.get(key) or "").removeprefix("+") for key in ("input", "wa_id", "user_id")}
    return [pk for one, pk in asked.items() if one.removeprefix("+") in said]


def _error(failed: dict[str, Any], blocked: bool) -> dict[str, Any]:
    first = object_of(next(iter(list_of(failed.get("errors"))), None))
    code = first.get("code")
    if code == _SILENT and blocked:
        return {"code": _SILENT, "title": _NOT_BLOCKED[0], "detail": _NOT_BLOCKED[1], "retryable": True}
    title = str(first.get("message") or first.get("title") or "WhatsApp refused it")
    return describe(code, title, words_of(first)).as_error()
