"""Two customers who are one person, for benchmarks.merge: one with a lot, and one with a tenth of it."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from accounts.models import User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.keepers import keepers
from customers.models import Customer
from messaging.models import Attachment, BusinessNumber, Conversation, Message
from whatsapp.models import Identity, WebhookEvent

# Rows that a merge and its undoing add to.
_GROWING = frozenset({"events", "merges_of_others", "merges_into_others", "merged_rows", "assignments"})
_serial = count()


def load(*, messages: int, contacts: int, files: int) -> tuple[Customer, Customer]:
    """Load the one who goes, and the one who stays. Some of their contacts and keys are the same."""
    user = User.objects.create_user("sam", "sam@desk.example", None, role="sales")
    number = BusinessNumber.objects.create(external_id="1")
    found = []
    for name, share in (("Johnny", 1), ("John", 10)):
        customer = Customer.objects.create(first_name=name, owner=user, phone=f"+9477000000{share % 10}")
        _chat(customer, number, user, messages // share, files // share)
        Contact.objects.bulk_create(
            Contact(
                customer=customer,
                email=f"{n}@example.com" if n % 10 == 0 else f"{n}.{name}@example.com",
                wa_number=f"+9477{share}{n:06}",
                tp_number=f"+9411{share}{n:06}",
                is_primary=n == 0,
            )
            for n in range(contacts // share)
        )
        for n in range(files // share):
            entry = CustomerData(user=user, customer=customer, key=f"key {n}", value="noted", file_name="note.txt")
            entry.file.save("note.txt", ContentFile(b"note"))
        Identity.objects.create(customer=customer, business_number=number, wa_id=customer.phone[1:])
        found.append(customer)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return found[0], found[1]


def _chat(customer: Customer, number: BusinessNumber, user: User, messages: int, files: int) -> None:
    start = timezone.now() - timedelta(days=100)
    Message.objects.bulk_create(
        (
            Message(
                customer=customer,
                business_number=number,
                direction="inbound" if n % 2 else "outbound",
                text="The order is late, can you send two more red ones tomorrow morning?",
                status="received" if n % 2 else "read",
                sender=None if n % 2 else user,
                wamid=f"wamid.{next(_serial)}",
                created_at=start + timedelta(minutes=n),
                ordered_at=start + timedelta(minutes=n),
            )
            for n in range(messages)
        ),
        batch_size=1_000,
    )
    mine = Message.objects.filter(customer=customer).order_by("-ordered_at", "-pk")
    for message in mine[:files]:
        attachment = Attachment(message=message, state="ready", file_name="photo.txt")
        attachment.file.save("photo.txt", ContentFile(b"photo"))
    newest = mine[0]
    Conversation.objects.create(
        customer=customer,
        business_number=number,
        last_message=newest,
        unread_count=messages // 2,
        last_inbound_at=newest.created_at,
        last_address=str(customer.phone)[1:],
    )
    Customer.objects.filter(pk=customer.pk).update(desk_at=newest.ordered_at)
    events = WebhookEvent.objects.bulk_create(
        (WebhookEvent(body=b"{}", state="done") for _ in range(messages // 2)), batch_size=1_000
    )
    link = WebhookEvent.customers.through
    link.objects.bulk_create((link(webhookevent=event, customer=customer) for event in events), batch_size=1_000)


def rows_of_both(gone: Customer, into: Customer) -> dict[str, tuple[Any, Any]]:
    """The ids of everything that each has, with the names of files that exist."""
    found: dict[str, tuple[Any, Any]] = {}
    for keeper in keepers():
        if keeper.relation not in _GROWING:
            gone_ids, into_ids = (set(keeper.rows(one).values_list("pk", flat=True)) for one in (gone, into))
            found[keeper.relation] = (gone_ids, into_ids)
    for name, model, path in (
        ("data files", CustomerData, "customer"),
        ("attachments", Attachment, "message__customer"),
    ):
        found[name] = tuple(  # type: ignore[assignment]
            {row.pk for row in model.objects.filter(**{path: one}) if row.file.storage.exists(row.file.name)}
            for one in (gone, into)
        )
    return found
