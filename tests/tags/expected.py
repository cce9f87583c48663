"""What answers about tags look like, and what must not change if a request is refused."""

from typing import Any

from core.timestamps import iso
from customers.models import Customer, Event
from tags.models import CustomerTag, Tag

API = "/api/v1/msg"


def shown(tag: Tag) -> dict[str, Any]:
    """A tag as the contract shows it."""
    return {
        "id": tag.pk,
        "name": tag.name,
        "created_by": tag.created_by_id,
        "created_at": iso(tag.created_at),
        "is_system": tag.source is not None,
    }


def path_of(customer: Customer, tag: Tag | int | None = None) -> str:
    last = "" if tag is None else f"{tag if isinstance(tag, int) else tag.pk}/"
    return f"{API}/customer/{customer.pk}/tags/{last}"


def snapshot() -> list[Any]:
    """Everything that a request about tags may write, to see that nothing changed."""
    return [list(model.objects.order_by("pk").values()) for model in (Tag, CustomerTag)] + [
        list(Customer.objects.order_by("pk").values("pk", "last_seq")),
        Event.objects.count(),
    ]


def names(body: Any) -> list[str]:
    return [tag["name"] for tag in body]
