"""What answers about contacts look like, and what must not change if a request is refused."""

from typing import Any

from contacts.models import Contact
from core.timestamps import iso

FIELDS = {"email": "contact@example.com", "wa_number": "+94771234560", "tp_number": "+94112345678"}


def shown(contact: Contact) -> dict[str, Any]:
    """A contact of John Doe as every endpoint shows it."""
    contact.refresh_from_db()
    return {
        "id": contact.pk,
        "customer": contact.customer_id,
        "customer_name": "John Doe",
        "customer_username": "johndoe",
        "email": contact.email,
        "wa_number": contact.wa_number,
        "tp_number": contact.tp_number,
        "is_primary": contact.is_primary,
        "is_active": contact.is_active,
        "contact_info": {
            "email": contact.email,
            "whatsapp": contact.wa_number,
            "telephone": contact.tp_number,
            "is_primary": contact.is_primary,
        },
        "created_at": iso(contact.created_at),
        "updated_at": iso(contact.updated_at),
    }


def failure(message: str, **errors: Any) -> dict[str, Any]:
    return {"success": False, "message": message, "errors": errors}


NOT_SIGNED_IN = failure("Authentication credentials were not provided.")
NO_CONTACT = failure("Contact not found.")


def snapshot() -> list[dict[str, Any]]:
    """Every contact, to see that nothing changed."""
    return list(Contact.objects.order_by("pk").values())
