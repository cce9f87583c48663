"""A client that comes back tells which rows it has, and gets what it missed: frame `sync` of the inbox."""

from collections.abc import Mapping
from typing import Any

from core.filters import whole_number
from messaging.consumers.frame_socket import BadFrame
from messaging.desk.rows import DeskCustomer

# Rows that a client may name.
MAX_KNOWN = 500


def known_rows(frame: Mapping[str, Any]) -> dict[int, int]:
    """The rows that a frame names, `{customer id: last_seq}`. Raises BadFrame."""
    rows = frame.get("rows")
    if not isinstance(rows, dict):
        raise BadFrame('rows must be an object such as {"17": 4}: the last_seq of each row, by its id.')
    if len(rows) > MAX_KNOWN:
        raise BadFrame(f"rows may have {MAX_KNOWN} entries at the most.")
    known = {}
    for name, last_seq in rows.items():
        pk = whole_number(name)
        if pk is None or isinstance(last_seq, bool) or not isinstance(last_seq, int) or last_seq < 0:
            raise BadFrame(f"rows: {name[:50]!r} is not the id of a row with a last_seq.")
        known[pk] = last_seq
    return known


class Told:
    """What a socket was told live since a sync began: what the sync read before that is older."""

    def __init__(self) -> None:
        # By customer id the last_seq of the row, or None for a chat that is gone.
        self._seqs: dict[int, int | None] = {}

    def note(self, customer_id: int, last_seq: int | None) -> None:
        """A row, or that the chat is gone, was sent."""
        self._seqs[customer_id] = last_seq

    def knows(self, customer_id: int) -> bool:
        """Whether the client has heard of this chat."""
        return customer_id in self._seqs

    def is_newer(self, row: DeskCustomer) -> bool:
        """Whether the client has heard of something newer than this row."""
        if row["id"] not in self._seqs:
            return False
        last_seq = self._seqs[row["id"]]
        return last_seq is None or last_seq >= row["last_seq"]
