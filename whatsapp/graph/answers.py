"""What Meta's answer to a send says beside the wamid (docs/whatsapp.md, "Identities" and "Messages that go out")."""

from typing import Any

from django.db import transaction

from messaging.models import BusinessNumber, Held, Message
from whatsapp.identities import learn_address
from whatsapp.payload.json_fields import list_of, object_of
from whatsapp.payload.persons import person_at


def learn_from_answer(message: Message, number: BusinessNumber, answer: Any) -> None:
    """Keep why Meta does not deliver the message yet, and the ids that it names beside the one that was dialled.

    Nothing is learned of the addresses of contacts.
    """
    taken = list_of(object_of(answer).get("messages"))
    said_of_it = object_of(taken[0]).get("message_status") if taken else None
    held = said_of_it if said_of_it in Held.values else None
    if held != message.held:
        Message.objects.filter(pk=message.pk).update(held=held)
    if message.to_number is not None:
        return
    contacts = list_of(object_of(answer).get("contacts"))
    said = object_of(contacts[0]) if len(contacts) == 1 else {}
    person = person_at(said.get("wa_id"), said.get("user_id"), said.get("parent_user_id"))
    dialled = str(said.get("input") or "").removeprefix("+")
    if person is None or set(person.ids.values()) == {dialled}:
        return
    with transaction.atomic():
        learn_address(message.customer_id, person, number)
