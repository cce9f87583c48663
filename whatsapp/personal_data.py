"""What WhatsApp told us about a customer: how it is exported, merged and erased (setting PERSONAL_DATA)."""

from typing import Any

from core.phones import variants
from customers.models import Customer
from customers.related import Erased, Given, Keeper
from whatsapp.models import Identity, WebhookEvent, WebhookState
from whatsapp.payload.redaction import redacted

_BLANK = b"{}"


def _ids_of(customer: Customer) -> set[str]:
    ids = ("wa_id", "user_id", "parent_user_id", "previous_user_id", "seen_with")
    known = Identity.objects.filter(customer=customer).values_list(*ids)
    phones = variants(customer.phone) if customer.phone is not None else []
    return {one for row in known for one in row if one} | {phone.removeprefix("+") for phone in phones}


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
            body=_BLANK, state=WebhookState.DONE, error="", lease_until=None, claim_token=None
        )


_IDENTITY = ("wa_id", "user_id", "profile_name", "marketing_stopped_at", "created_at")

KEEPERS = (
    Keeper("identities", file="whatsapp", key="identities", given=Given.ONCE_PROVED, theirs=_IDENTITY),
    WebhookBodies("webhook_events", file="whatsapp", key="webhooks", given=Given.ONCE_PROVED, theirs=("received_at",)),
)
