"""Who is in which room at the moment, in all processes.

Each process knows its own people. With Redis they are also written there, where the others look. A process gives one
sign of life for all of its people; when it gives none any more, because it was killed, the others remove them.
"""

import asyncio
import json
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.redis import async_pool

logger = logging.getLogger(__name__)

BEAT_SECONDS = 3
# A process that has given no sign of life for so long is dead.
DEAD_AFTER_SECONDS = 10
# Who said that they are typing, and neither that they stopped nor that they go on.
TYPING_SECONDS = 25
# A Redis that does not answer may not hold up who enters.
TIMEOUT_SECONDS = 0.5
AT_ONCE = 100  # changes that go to Redis together, and questions

_PROCESSES = "patter:presence:processes"


@dataclass
class Person:
    """Someone in a room, through so many sockets of this process. `typing_until` is a Unix time."""

    id: int
    name: str
    typing_until: float = 0.0
    sockets: int = 0

    @property
    def is_typing(self) -> bool:
        return self.typing_until > time.time()


class Presence:
    """The people of one process, and what Redis knows of the others. All of it belongs to one event loop."""

    def __init__(self, gone: Callable[[str, int, str], None]) -> None:
        """`gone(room, user_id, name)` is called for each person of a process that is dead, in one process only."""
        self._gone = gone
        self._rooms: dict[str, dict[int, Person]] = defaultdict(dict)
        self._redis: Any = None
        self._away_until = 0.0  # time.monotonic(), while Redis is not asked again
        self._process, self._known_as = uuid.uuid4().hex, ""
        # What is to be written, and who waits to hear who is in a room. Both go to Redis together, many at a time.
        self._changed: set[tuple[str, int]] = set()
        self._asked: dict[str, asyncio.Future[list[Person]]] = {}
        self._exchanging: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[dict[str, list[Person]]] | None = None
        self._watchers = 0

    async def enter(self, room: str, user_id: int, name: str) -> list[Person]:
        """Let a user in, and return everyone who is in the room, each once, the user included.

        If Redis does not answer, only those of this process are known. Who enters has to `leave`, even if this was
        cancelled.
        """
        person = self._rooms[room].setdefault(user_id, Person(user_id, name))
        person.sockets += 1
        if settings.REDIS_URL:
            self._keep_beating()
            if person.sockets == 1:
                self._changed.add((room, user_id))
        return await self._ask(room)

    async def people_in(self, rooms: Collection[str]) -> dict[str, list[Person]]:
        """Return who is in each of these rooms, with the reservation of `enter`. For who is in one, or is watching."""
        return dict(zip(rooms, await asyncio.gather(*map(self._ask, rooms)), strict=True))

    async def _ask(self, room: str) -> list[Person]:
        if not settings.REDIS_URL or self._is_away():
            return list(self._rooms.get(room, {}).values())
        answer = self._asked.setdefault(room, asyncio.get_running_loop().create_future())
        self._exchange_soon()
        return await asyncio.shield(answer)

    def watch(self, by: int) -> None:
        """So many more (1), or fewer (-1), are to hear of people whose process died, though they are in no room."""
        self._watchers += by
        if settings.REDIS_URL and self._watchers:
            self._keep_beating()

    async def everyone(self) -> dict[str, list[Person]]:
        """Return who is in which room, in all rooms with somebody. Who asks meanwhile gets the same answer.

        If Redis does not answer, only those of this process are known.
        """
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_around())
        return await asyncio.shield(self._looking)

    def leave(self, room: str, user_id: int) -> None:
        """One socket of the user is closed. Call it once for each `enter`."""
        person = self._rooms[room][user_id]
        person.sockets -= 1
        if person.sockets:
            return
        del self._rooms[room][user_id]
        if not self._rooms[room]:
            del self._rooms[room]
        self._tell(room, user_id)

    def set_typing(self, room: str, user_id: int, is_typing: bool) -> None:
        """The user is typing, or has stopped."""
        person = self._rooms[room][user_id]
        before, now = person.typing_until, time.time()
        person.typing_until = now + TYPING_SECONDS if is_typing else 0.0
        # Screens say so with every key.
        if bool(person.typing_until) != (before > now) or 0 < before - now < TYPING_SECONDS / 2:
            self._tell(room, user_id)

    def _tell(self, room: str, user_id: int) -> None:
        if self._redis is not None:
            self._changed.add((room, user_id))
            self._exchange_soon()

    # --- Redis ---

    async def _look_around(self) -> dict[str, list[Person]]:
        others: dict[str, dict[bytes, bytes]] = {}
        try:
            if settings.REDIS_URL and not self._is_away():
                self._redis = self._redis or _client()
                others = await self._of_other_processes()
        except Exception as error:  # noqa: BLE001 - whoever asks waits for an answer, whatever Redis says
            logger.warning("who is in which room is known of this process only: %s", error)
        self._looking = None
        rooms = self._rooms.keys() | others.keys()
        return {room: _merged(self._rooms.get(room, {}).values(), others.get(room, {})) for room in rooms}

    async def _of_other_processes(self) -> dict[str, dict[bytes, bytes]]:
        """Those of dead ones are left out, also if nobody has removed them yet."""
        names = [name.decode() for name in await self._redis.smembers(_PROCESSES)]
        signs = await self._redis.mget([_life_of(name) for name in names]) if names else []
        living = {name for name, sign in zip(names, signs, strict=True) if sign is not None} - {self._process}
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in living:
                pipe.smembers(_rooms_of(name))
            rooms = sorted(set().union(*await pipe.execute()))
            for room in rooms:
                pipe.hgetall(_people_in(room.decode()))
            found = zip(rooms, await pipe.execute(), strict=True)
        theirs = {
            room.decode(): {field: said for field, said in people.items() if field.decode().split(":")[0] in living}
            for room, people in found
        }
        return {room: people for room, people in theirs.items() if people}

    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _exchange_soon(self) -> None:
        if self._exchanging is None and not self._is_away():
            self._exchanging = asyncio.create_task(self._exchange())

    async def _exchange(self) -> None:
        """Write what has changed and read what was asked for, until there is nothing left to do."""
        while self._changed or self._asked:
            asked = {room: self._asked.pop(room) for room in list(self._asked)[:AT_ONCE]}
            try:
                if self._known_as != self._process:
                    await self._introduce()
                    await self._bury()  # what was left while nobody was here to do it
                found = await self._talk(asked)
            except Exception as error:  # noqa: BLE001 - whoever enters waits for an answer, whatever Redis says
                logger.warning("who is in a room is known of this process only: %s", error)
                self._begin_anew()
                self._away_until = time.monotonic() + BEAT_SECONDS
                asked |= self._asked
                self._asked = {}
                found = [{} for _ in asked]
            for (room, answer), others in zip(asked.items(), found, strict=True):
                if not answer.done():
                    answer.set_result(_merged(self._rooms.get(room, {}).values(), others))
        self._exchanging = None

    async def _introduce(self) -> None:
        """Give the first sign of life, and have everyone written down."""
        await self._sign_of_life()
        self._known_as, self._away_until = self._process, 0.0
        self._changed |= {(room, user_id) for room, people in self._rooms.items() for user_id in people}

    async def _talk(self, rooms: Iterable[str]) -> list[dict[bytes, bytes]]:
        """Write some of what has changed, and return who is in the rooms."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for _ in range(min(len(self._changed), AT_ONCE)):
                self._write(pipe, *self._changed.pop())
            before = len(pipe)
            for room in rooms:
                pipe.hgetall(_people_in(room))
            return list((await pipe.execute())[before:])

    def _write(self, pipe: Any, room: str, user_id: int) -> None:
        people = self._rooms.get(room, {})
        person, field = people.get(user_id), f"{self._process}:{user_id}"
        if person is None:
            pipe.hdel(_people_in(room), field)
        else:
            said = {"id": person.id, "name": person.name, "typing_until": person.typing_until}
            pipe.hset(_people_in(room), field, json.dumps(said))
        (pipe.sadd if people else pipe.srem)(_rooms_of(self._process), room)

    def _begin_anew(self) -> None:
        """Become another process: what the old one wrote may be out of date, and is removed as of a dead one."""
        self._process = uuid.uuid4().hex
        self._changed = set()

    def _keep_beating(self) -> None:
        if self._beating is None:
            self._redis = self._redis or _client()
            self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """Give signs of life as long as anybody is here, and remove the people of processes that give none."""
        while self._rooms or self._watchers:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                if self._known_as == self._process and not await self._sign_of_life():
                    self._begin_anew()  # it came too late, or Redis has lost everything
                if self._known_as != self._process:
                    await self._introduce()
                await self._bury()
                self._exchange_soon()
            except Exception as error:  # noqa: BLE001 - the next sign of life may be given
                logger.warning("no sign of life can be given: %s", error)
        self._beating, self._known_as = None, ""

    async def _sign_of_life(self) -> bool:
        """Whether the one before still counted."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.sadd(_PROCESSES, self._process)
            pipe.set(_life_of(self._process), 1, ex=DEAD_AFTER_SECONDS, get=True)
            return (await pipe.execute())[1] is not None

    async def _bury(self) -> None:
        processes = [name.decode() for name in await self._redis.smembers(_PROCESSES)]
        alive = await self._redis.mget([_life_of(name) for name in processes])
        for name, sign in zip(processes, alive, strict=True):
            # The one that removes the name does the rest.
            if sign is None and name != self._process and await self._redis.srem(_PROCESSES, name):
                for room in await self._redis.smembers(_rooms_of(name)):
                    await self._clear(room.decode(), name)
                await self._redis.delete(_rooms_of(name))

    async def _clear(self, room: str, process: str) -> None:
        for field, said in (await self._redis.hgetall(_people_in(room))).items():
            if field.decode().startswith(f"{process}:"):
                await self._redis.hdel(_people_in(room), field)
                person = _person(said)
                self._gone(room, person.id, person.name)


def _client() -> Any:
    # A connection that Redis has closed is noticed when it is used; then another one is tried, once.
    again = Retry(NoBackoff(), 1)
    waits = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    return Redis(connection_pool=async_pool(settings.REDIS_URL, retry=again, **waits))


def _people_in(room: str) -> str:
    return f"patter:presence:in:{room}"


def _rooms_of(process: str) -> str:
    return f"patter:presence:rooms:{process}"


def _life_of(process: str) -> str:
    return f"patter:presence:alive:{process}"


def _person(said: bytes) -> Person:
    return Person(**json.loads(said))


def _merged(mine: Iterable[Person], others: dict[bytes, bytes]) -> list[Person]:
    """Everyone once, with the last time that any process says they are typing."""
    people: dict[int, Person] = {}
    for person in (*map(_person, others.values()), *mine):
        known = people.setdefault(person.id, Person(person.id, person.name))
        known.typing_until = max(known.typing_until, person.typing_until)
    return list(people.values())
