"""What WhatsApp told us of a person (setting PERSONAL_DATA)."""

from customers.models import Customer
from customers.privacy import Collected, rows_of
from whatsapp.models import Identity, WebhookEvent, WebhookState

_BLANK = b"{}"


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
        return Collected("whatsapp", data)

    @staticmethod
    def erase(customer: Customer) -> None:
        """Blank the bodies that spoke of `customer`.

        They stay as rows, done: there is nothing left in them to try again.
        """
        WebhookEvent.objects.filter(customers=customer).update(
            body=_BLANK, state=WebhookState.DONE, error="", lease_until=None, claim_token=None
        )

    @staticmethod
    def merge(*, into: Customer, gone: Customer) -> None:
        Identity.objects.filter(customer=gone).update(customer=into)
        into.webhook_events.add(*gone.webhook_events.values_list("pk", flat=True))
