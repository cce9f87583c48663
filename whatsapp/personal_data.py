"""What WhatsApp told us of a person (setting PERSONAL_DATA)."""

from core.phones import variants
from customers.models import Customer
from customers.privacy import Collected, rows_of
from whatsapp.models import Identity, WebhookEvent, WebhookState

_BLANK = b"{}"


def senders_proved(customer: Customer) -> bool:
    """Whether `customer` proved their phone, and whoever wrote as them did it from that phone.

    A contact whom they named may have written too, and nothing proves that it is theirs.
    """
    if not customer.phone_verified or customer.phone is None:
        return False
    own = [spelling.removeprefix("+") for spelling in variants(customer.phone)]
    # One without a wa_id hides the phone, and is the customer's only by what staff or Meta said of it.
    return not Identity.objects.filter(customer=customer).exclude(wa_id__in=own).exists()


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
