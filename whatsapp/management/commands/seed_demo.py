"""`manage.py seed_demo`: demo data for the first day.

It is in this app because the demo chats arrive as real ones do, through the signed webhook.
"""

import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.actions.users import create_user
from accounts.models import Role, User
from customers.actions.customers import create_customer
from customers.models import Customer
from messaging.actions.reading import mark_read
from messaging.actions.sending import send_message
from whatsapp.business_numbers import own_phone_number_id
from whatsapp.message_templates import accounts, sync
from whatsapp.sandbox import contents
from whatsapp.sandbox.webhook_bodies import as_body, said
from whatsapp.webhook.deliver import deliver
from whatsapp.webhook.signature import sign

# username, first name, last name, role. The phone numbers and addresses below are reserved for examples.
USERS = (
    ("admin", "Ada", "Perera", Role.ADMIN),
    ("sam", "Sam", "Silva", Role.SALES),
    ("nadia", "Nadia", "Khan", Role.SALES),
)
PASSWORD = "patter-demo-{username}-1"

# owner's username, customer
CUSTOMERS: tuple[tuple[str | None, dict[str, Any]], ...] = (
    ("sam", {"first_name": "Nimal", "last_name": "Jayasuriya", "phone": "+447700900101", "source": "whatsapp"}),
    ("nadia", {"first_name": "Ishara", "last_name": "Fernando", "phone": "+447700900102", "source": "whatsapp"}),
    ("sam", {"first_name": "Tom", "last_name": "Weber", "username": "tomweber", "source": "instagram"}),
    ("nadia", {"first_name": "Rosa", "last_name": "Martinez", "email": "rosa@example.com", "source": "website"}),
    (None, {"first_name": "Aisha", "last_name": "Noor", "username": "aishanoor", "source": "telegram"}),
    (None, {"first_name": "Walk-in", "last_name": "Customer", "notes": "Wants a quote for 20 chairs."}),
)

# phone, what the customer wrote, what their salesperson answered
CHATS: tuple[tuple[str, list[str], list[str]], ...] = (
    (
        "+447700900101",
        ["Hello! Is the oak table still available?", "And do you deliver?"],
        ["Hello Nimal, it is. We deliver on Fridays."],
    ),
    ("+447700900102", ["Good morning, what are your opening hours on Saturday?"], []),
)


@contextmanager
def _quietly(name: str) -> Iterator[None]:
    """Keep the lines of a logger out of what the command prints: each demo row would be one."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


class Command(BaseCommand):
    help = "Create demo users, customers and chats in a database without users, and print how to sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="also without DEBUG=1; the passwords are public")
        parser.add_argument("--show", action="store_true", help="also print where to find the API and the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or options["force"]):
            raise CommandError("The demo passwords are public. Set DEBUG=1, or use --force.")
        if not User.objects.exists() and settings.WHATSAPP_SANDBOX:
            with _quietly("accounts.audit"):
                _seed()
            for access in accounts():
                sync(access)
        elif not User.objects.exists():
            # The answers in the demo chats would be sent to strangers.
            self.stdout.write(
                "No demo data, because a real WhatsApp number is configured. Next: manage.py createsuperuser"
            )
        if options["show"]:
            self._show_where()
        self._show_users()

    def _show_where(self) -> None:
        url = f"http://127.0.0.1:{settings.PORT}"
        phone = (
            f"  phone   {url}/phone/   the customer's side; type {CHATS[0][0]}\n" if settings.WHATSAPP_SANDBOX else ""
        )
        self.stdout.write(
            f"\nOpen these two side by side:\n  desk    {url}/\n{phone}"
            f"\nFurther:\n  API     {url}/api/docs/\n  admin   {url}/admin/\n  Ctrl-C  stops it\n\n"
        )

    def _show_users(self) -> None:
        """Print the sign-in of each demo user whose demo password still works."""
        present = {user.username: user for user in User.objects.present().filter(is_active=True)}
        for username, _, _, role in USERS:
            user, password = present.get(username), PASSWORD.format(username=username)
            if user is not None and user.check_password(password):
                self.stdout.write(f"  sign in {username:8}{password:22}{role.value}")


def _seed() -> None:
    with transaction.atomic():
        users = _users()
        for owner, fields in CUSTOMERS:
            create_customer(actor=users["admin"], owner=owner and users[owner], **fields)
    for phone, questions, answers in CHATS:
        _chat(phone, questions, answers)


def _users() -> dict[str, User]:
    username, first_name, last_name, _ = USERS[0]
    admin: User = User.objects.create_superuser(
        username,
        f"{username}@patter.example",
        PASSWORD.format(username=username),
        first_name=first_name,
        last_name=last_name,
    )
    users = {username: admin}
    for username, first_name, last_name, role in USERS[1:]:
        users[username] = create_user(
            actor=admin,
            username=username,
            email=f"{username}@patter.example",
            password=PASSWORD.format(username=username),
            first_name=first_name,
            last_name=last_name,
            role=role,
        )
    return users


def _chat(phone: str, questions: list[str], answers: list[str]) -> None:
    """Let a customer write, and their salesperson read and answer. The relay sends the answers once the server runs."""
    customer = Customer.objects.select_related("owner").get(phone=phone)
    for text in questions:
        body = as_body(said(own_phone_number_id(), phone, contents.text(text), customer.first_name))
        if (status := deliver(body, sign(body))) != 200:
            raise CommandError(f"The demo chat could not be stored: {status}.")
    if customer.owner is not None and answers:
        mark_read(customer_id=customer.pk, actor=customer.owner)
        for text in answers:
            send_message(customer_id=customer.pk, actor=customer.owner, text=text)
