"""Meta's side of the webhook: signed bodies, posted again until the answer is 200."""

import hashlib
import hmac
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.services.harness import APP_SECRET, PHONE_NUMBER_ID
from whatsapp.sandbox.webhook_bodies import as_body, change, contact_item, envelope, message_item, status_item

PATIENCE_SECONDS = 180.0


def body_of(*, messages: Sequence[dict[str, Any]] = (), statuses: Sequence[dict[str, Any]] = ()) -> bytes:
    """One webhook body with these messages and statuses, each sender named as a contact."""
    senders = dict.fromkeys(item["from"] for item in messages)
    value: dict[str, Any] = {}
    if messages:
        value["contacts"] = [contact_item(wa_id, f"Customer {wa_id[-4:]}") for wa_id in senders]
        value["messages"] = list(messages)
    if statuses:
        value["statuses"] = list(statuses)
    return as_body(envelope(change(PHONE_NUMBER_ID, "15550001111", **value)))


def text_message(wa_id: str, wamid: str, text: str = "hello") -> dict[str, Any]:
    return message_item(wa_id, wamid, text)


def status_of(wamid: str, name: str, message_key: str) -> dict[str, Any]:
    return status_item(wamid, name, recipient_id="94770000000", biz_opaque_callback_data=message_key)


def phones(count: int) -> list[str]:
    return [f"9477{number:07d}" for number in range(1, count + 1)]


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()


class Meta:
    """Posts webhooks to the servers in turn. Counts every answer, so that 5xx cannot hide behind a retry."""

    def __init__(self, urls: Sequence[str], threads: int = 16) -> None:
        self._urls = itertools.cycle(urls)
        self._threads = threads
        self._local = threading.local()
        self._lock = threading.Lock()
        self.answers: Counter[int | str] = Counter()
        self.delivered = 0

    def _client(self) -> httpx.Client:
        if not hasattr(self._local, "client"):
            self._local.client = httpx.Client(timeout=20, trust_env=False)
        client: httpx.Client = self._local.client
        return client

    def post(self, body: bytes) -> int | str:
        """Post once; return the status, or the name of what went wrong instead."""
        with self._lock:
            url = next(self._urls)
        headers = {"X-Hub-Signature-256": signature(body), "Content-Type": "application/json"}
        answer: int | str
        try:
            answer = self._client().post(f"{url}/api/webhook/", content=body, headers=headers).status_code
        except httpx.HTTPError as error:
            answer = type(error).__name__
        with self._lock:
            self.answers[answer] += 1
        return answer

    def deliver(self, body: bytes) -> None:
        """Post until the answer is 200."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.post(body) != 200:
            assert time.monotonic() < deadline, f"a webhook was never taken: {self.answers}"
            time.sleep(random.uniform(0.02, 0.2))
        with self._lock:
            self.delivered += 1

    def deliver_all(self, bodies: Iterable[bytes]) -> None:
        """Deliver every body, many at a time."""
        self._each(self.deliver, bodies)

    def post_all(self, bodies: Iterable[bytes]) -> None:
        """Post every body exactly once, many at a time."""
        self._each(self.post, bodies)

    def _each(self, work: Callable[[bytes], Any], bodies: Iterable[bytes]) -> None:
        with ThreadPoolExecutor(self._threads) as pool:
            for done in [pool.submit(work, body) for body in bodies]:
                done.result()

    @property
    def server_errors(self) -> int:
        """Answers that say the application failed; a connection that broke is not one."""
        return sum(count for answer, count in self.answers.items() if isinstance(answer, int) and answer >= 500)
