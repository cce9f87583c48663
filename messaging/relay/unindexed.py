"""Messages whose words are still to be found: those that a version before stored or changed while this one started."""

from core.db.failures import passing_busy
from core.lookout import Lookout
from messaging.actions.indexing import index_missing
from messaging.models import Message

BATCH = 500


class Unindexed(Lookout[list[int]]):
    """The relay's source of messages that the search cannot find yet."""

    SECONDS = 60.0

    def look(self) -> list[int] | None:
        ids = list(Message.objects.filter(words=None).order_by("-pk").values_list("pk", flat=True)[:BATCH])
        if len(ids) == BATCH:
            self.look_again()
        return ids

    def run(self, job: list[int]) -> None:
        with passing_busy("the search of messages"):
            index_missing(job)
