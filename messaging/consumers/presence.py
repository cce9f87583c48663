"""Who has a chat open, and who is typing there, in all processes."""

from typing import Any
from weakref import WeakKeyDictionary

from core.live.frames import passing_text
from core.live.groups import DESK, customer_of
from core.live.hub import Hub
from core.live.presence import Person, Presence
from core.live.publishing import publish_all

# As `owner`: whoever hears of it has to look.
UNKNOWN = 0
# What the frames of a chat are called in the inbox, where they name the chat.
_IN_INBOXES = {"user_presence": "presence", "typing_indicator": "typing"}

_of_hubs: "WeakKeyDictionary[Hub, Presence]" = WeakKeyDictionary()


def presence_of(hub: Hub) -> Presence:
    """The people of the process (more precisely, of the event loop) that `hub` belongs to."""
    if hub not in _of_hubs:
        _of_hubs[hub] = Presence(_gone)
    return _of_hubs[hub]


def others(people: list[Person], user_id: int) -> dict[str, list[dict[str, int | str]]]:
    """The people of a chat as `ready` shows them to one of them: their colleagues."""
    colleagues = [person for person in people if person.id != user_id]
    return {
        "present": [_ref(person) for person in colleagues],
        "typing": [_ref(person) for person in colleagues if person.is_typing],
    }


def others_in(chats: dict[int, list[Person]], user_id: int) -> dict[str, list[dict[str, Any]]]:
    """The people of several chats, by the customer's id, as `ready` shows them in the inbox of one of them."""
    found: dict[str, list[dict[str, Any]]] = {"present": [], "typing": []}
    for customer_id, people in sorted(chats.items()):
        for name, refs in others(people, user_id).items():
            found[name] += [{"customer": customer_id, "user": ref} for ref in refs]
    return found


def tell(
    room: str, kind: str, data: dict[str, Any], *, key: str = "", left: int | None = None, owner: int | None = UNKNOWN
) -> None:
    """Send a passing frame to a chat's sockets, but not to the one with this key; and to inboxes under another name.

    `left` is the id of a user of whom a socket is closed, for other sockets of theirs; `owner` that of the salesperson.
    """
    customer_id = customer_of(room)
    text = passing_text(_IN_INBOXES[kind], {"customer": customer_id, **data})
    here = {"type": "here", "customer": customer_id, "owner": owner, "user": data["user"]["id"], "text": text}
    passing = {"type": "passing", "from": key, "text": passing_text(kind, data), "left": left}
    publish_all([(room, passing), (DESK, here)])


def _gone(room: str, user_id: int, name: str) -> None:
    """The process through which a user was here is dead. If they are still here, their other sockets say so."""
    tell(room, "user_presence", {"user": {"id": user_id, "name": name}, "status": "offline"}, left=user_id)


def _ref(person: Person) -> dict[str, int | str]:
    return {"id": person.id, "name": person.name}
