"""Rows for every list of Django admin, each of another customer, seller, number and so on."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from accounts.models import AuditEntry, Session, Team, User
from contacts.models import Contact
from core.models import Chore
from customer_data.models import CustomerData
from customers.models import (
    Address,
    Assignment,
    Customer,
    CustomerGroup,
    Event,
    ExchangeRate,
    GroupMember,
    LoyaltyEntry,
    Merge,
    Order,
    PhoneCode,
    Review,
    WishlistItem,
)
from messaging.models import Attachment, BusinessNumber, Conversation, Message, StatusUpdate, WorkingHours
from tags.models import CustomerTag, Tag
from whatsapp.models import Identity, Template, TemplateSync, WebhookEvent


def seller(n: int) -> User:
    return User.objects.create_user(f"row-seller{n}", f"row-seller{n}@desk.example", role="sales")


def customer(n: int) -> Customer:
    fields = {"first_name": f"Row {n}", "username": f"row{n}", "phone": f"+9477000{n:04d}"}
    return Customer.objects.create(owner=seller(n), **fields)


def number(n: int) -> BusinessNumber:
    return BusinessNumber.objects.create(external_id=f"row{n}", display=f"+94 11 {n:07d}")


def _team(n: int) -> Team:
    made = Team.objects.create(name=f"row {n}")
    made.managers.add(seller(n))
    return made


def message(n: int, **fields: Any) -> Message:
    who = customer(n)
    fields = {"direction": "outbound", "status": "failed", "text": f"Row {n}", "sender": who.owner, **fields}
    return Message.objects.create(
        customer=who, business_number=number(n), error={"code": n, "title": f"Error {n}"}, **fields
    )


def _conversation(n: int) -> Any:
    last = message(n, direction="inbound", status="received")
    return Conversation.objects.create(customer=last.customer, business_number=last.business_number, last_message=last)


def _merge(n: int) -> Any:
    kept = customer(n)
    gone = Customer.objects.create(first_name=f"Gone {n}", merged_into=kept)
    return Merge.objects.create(gone=gone, into=kept, actor=kept.owner)


def _loyalty(n: int) -> Any:
    tiers = {"tier_before": "bronze", "tier_after": "silver"}
    who = customer(n)
    return LoyaltyEntry.objects.create(customer=who, actor=who.owner, points=n, points_after=n, **tiers)


def _logged(n: int) -> Any:
    kind = ContentType.objects.get_for_model(Customer)
    given = {"object_id": str(n), "object_repr": f"row {n}", "action_flag": CHANGE, "change_message": ""}
    return LogEntry.objects.create(user=seller(n), content_type=kind, **given)


def _webhook(n: int) -> Any:
    event = WebhookEvent.objects.create(body=b'{"row": %d}' % n, state="failed")
    event.customers.add(customer(n))
    return event


def _order(n: int) -> Any:
    given = {"status": "pending", "total": n, "placed_at": timezone.now()}
    return Order.objects.create(customer=customer(n), number=f"row-{n}", **given)


def _status(n: int) -> Any:
    about = message(n)
    given = {"wamid": f"row.{n}", "status": "sent", "at": timezone.now()}
    return StatusUpdate.objects.create(business_number=about.business_number, message=about, **given)


def _assignment(n: int) -> Any:
    who = customer(n)
    return Assignment.objects.create(customer=who, salesperson=who.owner, assigned_by=who.owner)


def _event(n: int) -> Any:
    who = customer(n)
    return Event.objects.create(customer=who, seq=1, type="customer_updated", actor=who.owner)


def _tag(n: int) -> Any:
    return Tag.objects.create(name=f"row {n}", created_by=seller(n))


def _given_tag(n: int) -> Any:
    return CustomerTag.objects.create(customer=customer(n), tag=Tag.objects.create(name=f"row {n}"))


def _session(n: int) -> Any:
    return Session.objects.create(user=seller(n), expires_at=timezone.now() + timedelta(days=30))


def _code(n: int) -> Any:
    who = customer(n)
    return PhoneCode.objects.create(customer=who, phone=f"+9477{n:07d}", digest="", expires_at=timezone.now())


def _entry(n: int) -> Any:
    admin = User.objects.get(role="admin")
    return CustomerData.objects.create(user=admin, customer=customer(n), key=f"row{n}", value="x")


def _template(n: int) -> Any:
    return Template.objects.create(waba_id="1", name=f"row{n}", language="en", status="APPROVED")


def _member(n: int) -> Any:
    who = customer(n)
    group = CustomerGroup.objects.create(name=f"row {n}")
    return GroupMember.objects.create(group=group, customer=who, added_by=who.owner)


# Makes the n-th row of a table, by its label. Tables with one row are not in it.
ROWS: dict[str, Callable[[int], Any]] = {
    "accounts.AuditEntry": lambda n: AuditEntry.objects.create(actor=seller(n), verb="changed", customer_id=n),
    "accounts.User": seller,
    "accounts.Session": _session,
    "accounts.Team": _team,
    "admin.LogEntry": _logged,
    "contacts.Contact": lambda n: Contact.objects.create(
        customer=customer(n), email=f"row{n}@home.example", wa_number=f"+9471{n:07d}"
    ),
    "core.Chore": lambda n: Chore.objects.create(name=f"row-{n}"),
    "customer_data.CustomerData": _entry,
    "customers.Address": lambda n: Address.objects.create(
        customer=customer(n), address_type="billing", address_line1=f"Row {n}", city="Kandy", country="LK"
    ),
    "customers.Assignment": _assignment,
    "customers.Customer": customer,
    "customers.CustomerGroup": lambda n: CustomerGroup.objects.create(name=f"row {n}"),
    "customers.Event": _event,
    "customers.ExchangeRate": lambda n: ExchangeRate.objects.create(
        currency="ROW", rate="0.0033", date=date(2026, 1, 1) + timedelta(days=n)
    ),
    "customers.GroupMember": _member,
    "customers.LoyaltyEntry": _loyalty,
    "customers.Merge": _merge,
    "customers.Order": _order,
    "customers.PhoneCode": _code,
    "customers.Review": lambda n: Review.objects.create(customer=customer(n), product_id=f"row{n}", rating=5),
    "customers.WishlistItem": lambda n: WishlistItem.objects.create(
        customer=customer(n), product_id=f"row{n}", name=f"Row {n}"
    ),
    "messaging.Attachment": lambda n: Attachment.objects.create(message=message(n, type="image"), state="failed"),
    "messaging.BusinessNumber": number,
    "messaging.Conversation": _conversation,
    "messaging.WorkingHours": lambda n: WorkingHours.objects.create(business_number=number(n), time_zone="UTC"),
    "messaging.Message": message,
    "messaging.StatusUpdate": _status,
    "tags.CustomerTag": lambda n: CustomerTag.objects.create(
        customer=customer(n), tag=Tag.objects.create(name=f"row {n}")
    ),
    "tags.Tag": _tag,
    "whatsapp.Identity": lambda n: Identity.objects.create(
        customer=customer(n), business_number=number(n), wa_id=f"9477{n:07d}"
    ),
    "whatsapp.Template": lambda n: Template.objects.create(
        waba_id="1", name=f"row{n}", language="en", status="APPROVED"
    ),
    "whatsapp.TemplateSync": lambda n: TemplateSync.objects.create(waba_id=f"row{n}"),
    "whatsapp.WebhookEvent": _webhook,
}
