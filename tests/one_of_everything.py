"""One of everything that has an id, for tests that call every endpoint."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions.sessions import sign_in
from accounts.models import Team, User
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.actions.addresses import create_address
from customers.actions.assignments import assign
from customers.actions.locking import lock
from customers.actions.merge import merge_customers
from customers.actions.purchases import wish, write_review
from customers.models import Customer, CustomerGroup
from messaging.actions.receiving import receive_message
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Message
from tags.models import Tag
from whatsapp.models import Identity, Template
from whatsapp.sandbox.account import ACCOUNT_ID

_TEMPLATE: dict[str, Any] = {
    "status": "APPROVED",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Your order {{order}}"},
        {"type": "BODY", "text": "Hello {{name}}, your order {{order}} arrives on {{day}}."},
        {"type": "FOOTER", "text": "Patter demo"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track it", "url": "https://shop.example/{{1}}"}]},
    ],
}


def one_of_everything(*, owner: User, stranger: User, customer: Customer, admin: User) -> dict[str, Any]:
    """Make one of everything, all of it the owner's. Returns ids by the names in tests/permission_matrix.py."""
    assignment = assign(customer_id=Customer.objects.create(owner=None).pk, salesperson=owner, actor=admin)
    number = BusinessNumber.objects.create(external_id="1")
    with transaction.atomic():
        inbound = Inbound(wamid="wamid.1", type="text", text="hi", at=timezone.now())
        message = receive_message(customer=lock(customer.pk), number=number, inbound=inbound)
    Message.objects.filter(pk=message).update(status="received")
    identity = Identity.objects.create(customer=customer, business_number=number, wa_id="94771234567")
    contact = Contact.objects.create(
        customer=customer, email="c@example.com", wa_number="+94771234568", tp_number="+94112345678"
    )
    data = CustomerData.objects.create(user=owner, customer=customer, key="birthday", value="1990-05-15")
    group = CustomerGroup.objects.create(name="Everybody")
    address = create_address(
        customer_id=customer.pk,
        actor=admin,
        address_type="billing",
        address_line1="1 Main St",
        city="Kandy",
        country="LK",
    )
    item, _ = wish(customer_id=customer.pk, actor=admin, product_id="p1", name="A chair")
    review = write_review(customer_id=customer.pk, actor=admin, product_id="p1", rating=5)
    twin = Customer.objects.create(first_name="Johnny", owner=owner)
    merge = merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
    template = Template.objects.create(waba_id=ACCOUNT_ID, name="order_update", language="en", **_TEMPLATE)
    return {
        "template": template.pk,
        "merge": merge.pk,
        "group": group.pk,
        "address": address.pk,
        "item": item.pk,
        "review": review.pk,
        "identity": identity.pk,
        "session": sign_in(user=admin).session.pk,
        "user": stranger.pk,
        "team": Team.objects.create(name="South").pk,
        "customer": customer.pk,
        "message": message or 0,
        "assignment": assignment.pk,
        "contact": contact.pk,
        "data": data.pk,
        "tag": Tag.objects.create(name="VIP", created_by=owner).pk,
    }
