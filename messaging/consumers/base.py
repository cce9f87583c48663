"""What all sockets of the desk share: who may open one, and who may keep it."""

# mypy: allow-subclassing-any
# The package channels has no types.

import asyncio
import json
import logging
import uuid
from collections.abc import Set as AbstractSet
from typing import Any

from django.db import Error
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions.sessions import live_session
from accounts.models import Session, User
from accounts.tokens import Claims
from core import origin
from core.live.frames import passing_text
from core.live.groups import STAFF, user_group
from core.live.hub import Hint
from core.live.publishing import attach
from customers.visibility import works_at_desk
from messaging.consumers.access_watch import AccessSnapshot, access_watch_of
from messaging.consumers.frame_socket import SERVER_ERROR, FrameSocket
from messaging.consumers.handshake import BEARER
from messaging.consumers.places import places_of
from messaging.consumers.threads import in_thread

logger = logging.getLogger(__name__)

# Close codes, with those of FrameSocket; docs/realtime.md says what clients do about them.
NOT_SIGNED_IN = 4401
NO_ACCESS = 4403
NOT_FOUND = 4404

# Events after which a user may no longer be here.
RECHECKED = frozenset({"recheck", "resync", "merged", "erased"})


class DeskConsumer(FrameSocket):
    """A socket of someone who works at the desk. Subclasses add what it shows and which frames it takes."""

    # The id of the customer whose chat this is; the inbox shows every chat.
    watched_customer: int | None = None

    # Whether `ready` was sent, and which kinds of events came before it.
    greeted = False
    unheard: AbstractSet[str] = frozenset()
    timer: asyncio.TimerHandle | None = None
    # The user as the database has it, until `user` becomes it on the event loop.
    checked: User

    async def connect(self) -> None:
        self.hub = attach()
        self.groups_joined: list[str] = []
        self.key = uuid.uuid4().hex
        origin.begin(address=(self.scope.get("client") or [""])[0])
        offered = self.scope.get("subprotocols") or []
        await self.accept(subprotocol=BEARER if BEARER in offered else None)
        credentials: Claims | None = self.scope["credentials"]
        if not self.scope["origin_allowed"]:
            return await self.end(NO_ACCESS)
        if self.scope["unavailable"]:
            return await self.end(SERVER_ERROR)
        if credentials is None:
            return await self.end(NOT_SIGNED_IN)
        try:
            await self._admit(credentials)
        except Error as error:
            logger.error("a socket could not be opened: %s", error)
            await self.end(SERVER_ERROR)

    async def _admit(self, credentials: Claims) -> None:
        # Listen first and then ask: what changes after the database was asked is announced.
        await self.listen(user_group(int(credentials.user_id)), STAFF, *self.groups_of_view())
        if (code := await in_thread(self._look, credentials)) is not None:
            return await self.end(code)
        origin.signed_in(self.session.pk)
        if (call := self.scope.get("call")) is not None:  # for the log (core/calls.py)
            call.user_id = self.user.pk
        left = (credentials.expires_at - timezone.now()).total_seconds()
        self.timer = asyncio.get_running_loop().call_later(max(left, 0), self.end_soon, NOT_SIGNED_IN)
        if self.open:
            places_of(self.hub).take(self.user.pk, self)
        await self.opened()
        if self.unheard & RECHECKED:
            self.start(self.recheck())
        if self.open:
            access_watch_of(self.hub).add(self)

    def _look(self, credentials: Claims) -> int | None:
        """In one go, in a thread: ask the database who this is, and for all that the first frames say.

        Returns the code to close with if the user may not be here.
        """
        try:
            self.session = live_session(credentials)
        except AuthenticationFailed:
            return NOT_SIGNED_IN
        self.user = self.session.user
        return self.look() if works_at_desk(self.user) else NO_ACCESS

    # --- for subclasses ---

    def groups_of_view(self) -> list[str]:
        """The groups whose events the socket shows, besides those of its user."""
        return []

    def look(self) -> int | None:
        """Ask the database for the first frames, in a thread; return the code to close with if they are not shown.

        `self.user` is known, and works at the desk.
        """
        return None

    async def opened(self) -> None:
        """The user may be here: `greet`."""
        raise NotImplementedError

    async def refusal(self) -> int | None:
        """The code to close with if the user may no longer be here, else None. Asks the database."""
        return await self._desk_refusal()

    def teams_changed(self, before: User) -> None:
        """The user now leads others than `before`."""

    def may_stay(self, snapshot: AccessSnapshot, user: User) -> bool:
        """The same question, answered from a snapshot."""
        return works_at_desk(user)

    # --- rights ---

    def check_access(self, snapshot: AccessSnapshot) -> None:
        """Called every 25 s. If a right seems to be lost, the database is asked for the exact close code."""
        user = snapshot.users.get(self.session.pk)
        if user is None or not self.may_stay(snapshot, user):
            self.start(self.recheck())
        else:
            self._known_anew(user)

    async def recheck(self) -> bool:
        """Close the socket if the user has lost the right to it; return whether it stays open."""
        code = await self.refusal()
        if code is not None:
            await self.end(code)
        return code is None

    async def _desk_refusal(self) -> int | None:
        if not await in_thread(self._session_lives):
            return NOT_SIGNED_IN
        self._known_anew(self.checked)
        return None if works_at_desk(self.user) else NO_ACCESS

    def _known_anew(self, user: User) -> None:
        before, self.user = self.user, user
        if before.leads != user.leads:
            self.teams_changed(before)

    def _session_lives(self) -> bool:
        session = Session.objects.live().select_related("user").filter(pk=self.session.pk).first()
        if session is None:
            return False
        self.checked = session.user
        return True

    # --- events of the hub ---

    async def listen(self, *groups: str) -> None:
        self.groups_joined += groups
        await self.hub.join_all(groups, self)

    def deliver(self, group: str, event: Hint) -> None:
        """Called by the hub. `recheck`: the rights of this user may have changed."""
        if not self.greeted:
            self.unheard = self.unheard | {event["type"]}
        elif group == STAFF:
            self._on_staff_event(event)
        elif event["type"] in ("recheck", "resync"):
            self.start(self.recheck())

    def _on_staff_event(self, event: Hint) -> None:
        """Send what everyone at the desk is told. Before `ready` the client has not loaded what it is about."""
        if event["type"] == "staff" and self.greeted:
            # Encoded once for all sockets of the process, which share the event.
            if "text" not in event:
                event["text"] = json.dumps(event["frame"])
            self.push(event["text"])

    def greet(self, data: dict[str, Any]) -> None:
        """Send `ready`, which is always the first frame."""
        self.push(passing_text("ready", data))
        self.greeted = True

    def _let_go(self, keep: "asyncio.Task[Any] | None" = None) -> None:
        access_watch_of(self.hub).remove(self)
        if hasattr(self, "user"):
            places_of(self.hub).leave(self.user.pk, self)
        for group in self.groups_joined:
            self.hub.leave(group, self)
        if self.timer is not None:
            self.timer.cancel()
        super()._let_go(keep)
