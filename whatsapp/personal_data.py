"""What WhatsApp told us about a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Q

from core.phones import variants
from customers.keepers import Erased, Excused, Given, Keeper, Moved
from customers.models import Customer, Merge, merged_ids
from messaging.models import Conversation
from whatsapp.blocking import ask_meta
from whatsapp.business_numbers import TRANSPORT
from whatsapp.models import Block, Identity, WebhookEvent, WebhookState
from whatsapp.payload.redaction import redacted

_BLANK = b"{}"


def _ids_of(customer: Customer) -> set[str]:
    """The ids by which Meta may name a customer, those of rows that were merged into theirs included."""
    rows = [customer.pk, *merged_ids(customer.pk)]
    phones = Customer.all_rows.filter(pk__in=rows).exclude(phone=None).values_list("phone", flat=True)
    spellings = {spelling.removeprefix("+") for phone in phones for spelling in variants(phone or "")}
    return _addresses_of(rows) | spellings


def _addresses_of(customer_ids: Collection[int]) -> set[str]:
    ids = ("wa_id", "user_id", "parent_user_id", "previous_user_id", "seen_with")
    known = Identity.objects.filter(customer__in=customer_ids).values_list(*ids)
    return {one for row in known for one in row if one}


class Identities(Keeper):
    """The addresses by which WhatsApp knows a customer."""

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """Answers in the chat of `into` no longer go to an address of `gone`. The conversations are restored by now.

        Whoever wrote last since the merge may have been `gone`: then theirs is the open service window.
        """
        super().undo(into=into, gone=gone, merge=merge)
        chats = Conversation.objects.filter(business_number__transport=TRANSPORT)
        chat = chats.filter(customer=into).exclude(last_address=None).first()
        if chat is None or not _is_of_others(chat.last_address, chat.business_number_id, into):
            return
        if chat.last_address in _addresses_of([gone.pk]):
            Conversation.objects.filter(customer=gone).update(
                last_inbound_at=chat.last_inbound_at,
                last_address=chat.last_address,
                business_number=chat.business_number_id,
            )
        written_at, address, number_id = merge.moved_of("conversation").get("last_writer", [None])[0] or (None,) * 3
        if address is None or _is_of_others(address, number_id, into):
            written_at = address = None
        Conversation.objects.filter(customer=into).update(
            last_inbound_at=written_at and datetime.fromisoformat(written_at), last_address=address
        )


def _is_of_others(address: str | None, number_id: int | None, customer: Customer) -> bool:
    """Whether an address is known on a number, and not as the customer's."""
    known = Identity.objects.live().filter(Q(wa_id=address) | Q(user_id=address), business_number=number_id)
    return known.exists() and not known.filter(customer=customer).exists()


class WebhookBodies(Keeper):
    """The raw bodies of Meta's webhooks."""

    erased = Erased.BLANKED

    def data(self, customer: Customer) -> Any:
        """When each was received. The messages say what is in it, and it may be about other people too."""
        return list(self.rows(customer).order_by("pk").values("id", "received_at", "elements"))

    def erase(self, customer: Customer) -> None:
        """Remove `customer` from the bodies that are about them.

        Bodies that were handled are blanked; their rows stay. A body that is not handled yet may be about other people
        too, who must not lose it: the rest of it is handled from the beginning, which changes nothing twice.
        """
        ids = _ids_of(customer)
        events = WebhookEvent.objects.filter(customers=customer)
        kept = []
        for pk, body in events.exclude(state=WebhookState.DONE).values_list("pk", "body"):
            rest = redacted(bytes(body), ids)
            if rest is not None and WebhookEvent.objects.filter(pk=pk, body=body).update(body=rest):
                WebhookEvent.objects.filter(pk=pk).replay()
                kept.append(pk)
        events.exclude(pk__in=kept).update(
            body=_BLANK, state=WebhookState.DONE, error="", account_errors="", lease_until=None, claim_token=None
        )


class Blocks(Excused):
    """Jobs of the relay. After a merge, and after its undoing, Meta is asked to do what is wanted of each by then."""

    def merge(self, *, into: Customer, gone: Customer) -> Moved:
        """The addresses of both are blocked if one of them was."""
        if into.blocked_at is not None or gone.blocked_at is not None:
            ask_meta([into.pk])
        return super().merge(into=into, gone=gone)

    def undo(self, *, into: Customer, gone: Customer, merge: Merge) -> None:
        """What is wanted of each is known when the relay looks."""
        if Block.objects.filter(customer__in=[into, gone]).exists():
            ask_meta([into.pk, gone.pk])


_IDENTITY = ("wa_id", "user_id", "username", "profile_name", "marketing_stopped_at", "created_at")

KEEPERS = (
    Identities("identities", file="whatsapp", key="identities", given=Given.ONCE_PROVED, theirs=_IDENTITY),
    Blocks("block", reason="A job of the relay: whom Meta is asked to block. The customer's row says who is blocked."),
    WebhookBodies("webhook_events", file="whatsapp", key="webhooks", given=Given.ONCE_PROVED, theirs=("received_at",)),
)
