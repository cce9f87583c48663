"""What WhatsApp told us of a person (setting PERSONAL_DATA)."""

from core.phones import variants
from customers.models import Customer
from customers.related import Collected, rows_of
from whatsapp.models import Identity, WebhookEvent, WebhookState
from whatsapp.payload.redaction import redacted

_BLANK = b"{}"


def _ids_of(customer: Customer) -> set[str]:
    known = Identity.objects.filter(customer=customer).values_list("wa_id", "user_id")
    phones = variants(customer.phone) if customer.phone is not None else []
    return {one for pair in known for one in pair if one} | {phone.removeprefix("+") for phone in phones}


class WebhookBodies:
    """The raw bodies Meta sent, and the addresses it knows a person by."""

    @staticmethod
    def collect(customer: Customer) -> Collected:
        """Bodies speak of other people too: they are counted, and said in the messages made of them."""
        data = {
            "identities": rows_of(Identity.objects.filter(customer=customer)),
            "webhooks": list(
                WebhookEvent.objects.filter(customers=customer).order_by("pk").values("id", "received_at", "elements")
            ),
        }
        return Collected("whatsapp", data, of_chat=True)

    @staticmethod
    def erase(customer: Customer) -> None:
        """Take `customer` out of the bodies that spoke of them.

        What was handled is blanked, and stays as a row. A body with something still to be handled speaks of other
        people, too, who must not lose it: the rest is handled from its beginning, which changes nothing twice.
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

    @staticmethod
    def merge(*, into: Customer, gone: Customer) -> None:
        Identity.objects.filter(customer=gone).update(customer=into)
        into.webhook_events.add(*gone.webhook_events.values_list("pk", flat=True))
