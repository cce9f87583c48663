"""The words of messages, by which the search finds them (core/db/words.py). New messages are stored with theirs."""

from core.db.words import joined, store_missing
from messaging.models import Message


def index_message(message: Message) -> None:
    """Find a message that its transaction has changed by what it says now; one that was deleted, by nothing."""
    Message.objects.filter(pk=message.pk).update(words=joined(message.searched_text))


def index_missing(ids: list[int]) -> int:
    """Find the words of those messages that have none yet. Returns of how many."""
    rows = Message.objects.filter(pk__in=ids).only("text", "deleted_at")
    return store_missing(rows, lambda message: str(message.searched_text))
