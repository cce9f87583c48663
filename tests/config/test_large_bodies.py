"""Large bodies are taken only from people who are signed in, as large as their path allows, and a few at a time."""

import asyncio
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.actions.sessions import end_sessions, sign_in
from accounts.models import User
from config import uploads
from config.bodies import SpoolBody
from config.endpoints import endpoint_of
from config.lanes import Lanes
from tests.declared_answers import swagger
from tests.live_server import PATIENCE
from tests.routes import routes

MESSAGES, TAGS, LOGIN, WEBHOOK = "/api/messages/", "/api/tags/", "/api/auth/login/", "/api/webhook/"
KB, MB = 1024, 1024 * 1024
FORM = "multipart/form-data; boundary=b"

pytestmark = pytest.mark.django_db(transaction=True)


class Door:
    """A SpoolBody that lets requests in while it is open. `read` is how many bytes of the last body were taken."""

    def __init__(self) -> None:
        self.body = SpoolBody(self.inside, Lanes().uploads)
        self.opened = asyncio.Event()
        self.sizes: list[int] = []
        self.read = 0

    async def inside(self, scope: Any, body: Any, receive: Any, send: Any) -> None:
        self.sizes.append(len(body.read()))
        await self.opened.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def post(
        self, path: str, chunks: Iterable[bytes], *, method: str = "POST", client: str = "10.0.0.1", **headers: str
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        parts = list(chunks)
        sent: list[Any] = []
        self.read = 0

        async def receive() -> Any:
            self.read += len(parts[0])
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items() if value]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw}
        await self.body({**scope, "client": (client, 5)}, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part["body"] for part in sent[1:])


@pytest.fixture
def post() -> Callable[..., tuple[int, dict[bytes, bytes], bytes]]:
    """Send one body of so many bytes, announced unless `chunked`."""

    def one(path: str, size: int, *, chunked: bool = False, **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
        async def scenario() -> tuple[int, dict[bytes, bytes], bytes]:
            door = Door()
            door.opened.set()
            chunks = [b"x" * min(50_000, size - at) for at in range(0, size, 50_000)]
            length = {"transfer_encoding": "chunked"} if chunked else {"content_length": str(size)}
            answer = await door.post(path, chunks, **length, **headers)
            assert bool(door.sizes) is (answer[0] == 200), "who is refused does not get in"
            assert answer[0] == 200 or door.read <= 64 * KB + 50_000 or headers.get("authorization"), "it was kept"
            return answer

        return asyncio.run(scenario())

    return one


def bearer(user: User) -> str:
    return f"Bearer {sign_in(user=user).access}"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Bearer a b", "Basic c2FtOnNhbQ=="])
@pytest.mark.parametrize("path", [MESSAGES, TAGS, "/nowhere/", "/api/contacts/"])
def test_nobody_sends_much_without_signing_in(post: Any, path: str, token: str, chunked: bool) -> None:
    status, headers, body = post(path, 200 * KB, chunked=chunked, authorization=token, content_type=FORM)

    assert (status, headers[b"www-authenticate"]) == (401, b'Bearer realm="api"')
    assert (b'"success": false' in body) is (path == "/api/contacts/"), "in the shape of the path"
    assert post(path, 64 * KB, chunked=chunked, authorization=token)[0] == 200, "the view decides"


def test_a_session_that_has_ended_does_not_count(post: Any, owner: User) -> None:
    token = bearer(owner)
    assert post(MESSAGES, 200 * KB, authorization=token)[0] == 200
    end_sessions(user=owner)
    assert post(MESSAGES, 200 * KB, authorization=token)[0] == 401


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "content_type", "limit"),
    [
        (MESSAGES, FORM, 2 * MB),  # MAX_UPLOAD_MB and one more for the rest of the form
        (MESSAGES, "Multipart/Form-Data; boundary=b", 2 * MB),
        (MESSAGES, "application/json", MB),
        (TAGS, FORM, MB),
        (TAGS, "application/json", MB),
        (LOGIN, FORM, 64 * KB),
        (LOGIN, "application/json", 64 * KB),
        ("/api/customers/register/", FORM, 64 * KB),
        (WEBHOOK, FORM, 3 * MB),
        ("/nowhere/", FORM, MB),
    ],
)
def test_each_path_has_its_limit(
    post: Any, owner: User, settings: Any, path: str, content_type: str, limit: int, chunked: bool
) -> None:
    settings.MAX_UPLOAD_MB = 1
    token = bearer(owner)

    assert post(path, limit, chunked=chunked, content_type=content_type, authorization=token)[0] == 200
    status, _, body = post(path, limit + 1, chunked=chunked, content_type=content_type, authorization=token)
    assert (status, str(limit).encode() in body) == (413, True)


def test_the_admin_is_known_by_a_cookie(post: Any, admin: User, owner: User) -> None:
    page = "/admin/customers/customer/1/change/"
    web = Client()
    assert post(page, 2 * MB, content_type=FORM)[0] == 401
    assert post(page, 2 * MB, content_type=FORM, cookie="sessionid=nonsense")[0] == 401
    assert post(page, 2 * MB, content_type=FORM, authorization=bearer(admin))[0] == 401, "its pages take no token"
    web.force_login(owner)
    assert post(page, 2 * MB, content_type=FORM, cookie=f"sessionid={web.cookies['sessionid'].value}")[0] == 401
    web.force_login(admin)
    cookie = f"a=b; sessionid={web.cookies['sessionid'].value}"
    assert post(page, 2 * MB, content_type=FORM, cookie=cookie)[0] == 200
    assert post("/admin/tags/tag/1/change/", 2 * MB, content_type=FORM, cookie=cookie)[0] == 413, "it has no files"


@pytest.mark.parametrize(
    ("most", "address", "paths"),
    [
        (8, "10.0.0.1", [MESSAGES]),
        (64, "10.0.0.2", [WEBHOOK]),
    ],
    ids=["of a user", "of an address"],
)
def test_only_so_many_at_once(owner: User, stranger: User, most: int, address: str, paths: list[str]) -> None:
    async def scenario() -> None:
        door = Door()
        token = await asyncio.to_thread(bearer, owner)
        other = await asyncio.to_thread(bearer, stranger)

        def send(client: str = address, token: str = token) -> Any:
            return door.post(paths[0], [b"x" * 50_000] * 2, client=client, authorization=token, content_length="100000")

        first = [asyncio.create_task(send()) for _ in range(most)]
        while len(door.sizes) < most:
            await asyncio.sleep(0.01)
        for _ in range(3):
            status, headers, body = await asyncio.wait_for(send(), PATIENCE)
            assert (status, headers[b"retry-after"]) == (429, b"5")
            assert str(most).encode() in body
        somebody_else = asyncio.create_task(send("10.0.0.9", other))
        while len(door.sizes) < most + 1:
            await asyncio.sleep(0.01)
        door.opened.set()
        assert [status for status, _, _ in await asyncio.gather(*first, somebody_else)] == [200] * (most + 1)
        assert (await send())[0] == 200, "the places are free again"
        assert not door.body.uploads._at_once

    asyncio.run(scenario())


def test_small_bodies_do_not_count(owner: User) -> None:
    async def scenario() -> None:
        door = Door()
        small = [asyncio.create_task(door.post(MESSAGES, [b"x"], content_length="1")) for _ in range(100)]
        while len(door.sizes) < 100:
            await asyncio.sleep(0.01)
        door.opened.set()
        assert {status for status, _, _ in await asyncio.gather(*small)} == {200}

    asyncio.run(scenario())


@pytest.mark.parametrize("path", [WEBHOOK, MESSAGES, LOGIN])
def test_a_body_has_a_deadline_however_it_trickles(path: str, settings: Any) -> None:
    settings.MAX_UPLOAD_SECONDS = 0.2

    async def scenario() -> tuple[int, bytes]:
        door, sent = Door(), []

        async def receive() -> Any:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
        await asyncio.wait_for(door.body(scope, receive, send), 10)
        return sent[0]["status"], sent[1]["body"]

    status, body = asyncio.run(scenario())
    assert (status, b"in time" in body) == (408, True)


@pytest.mark.parametrize("path", [WEBHOOK, MESSAGES])
def test_a_temporary_directory_that_cannot_take_it(
    post: Any, owner: User, path: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    status, headers, body = post(path, 2 * MB, content_type=FORM, authorization=bearer(owner))

    assert (status, b"Nothing was changed" in body, int(headers[b"retry-after"]) > 0) == (503, True, True)
    assert post(path, 100, authorization=bearer(owner))[0] == 200


def test_a_database_that_cannot_be_asked(post: Any, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(header: str) -> int:
        raise OperationalError("server at 10.1.2.3 is gone")

    token = bearer(owner)
    monkeypatch.setattr(uploads, "user_id_of", away)
    status, headers, body = post(MESSAGES, 200 * KB, authorization=token)

    assert (status, headers[b"retry-after"], b"10.1.2.3" in body) == (503, b"5", False)


def test_the_paths_that_take_files_are_those_that_say_so() -> None:
    said = {
        (method.upper(), path)
        for path, operations in swagger()["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
        if any(parameter.get("type") == "file" for parameter in operation.get("parameters", []))
    }
    assert len(said) >= 6
    for method, path in said:
        concrete = "/api" + path.replace("{id}", "1").replace("{customer_id}", "1")
        assert endpoint_of(method, concrete).takes_files, f"{method} {concrete}"
    for path in (TAGS, "/api/contacts/", LOGIN, "/api/users/"):
        assert not endpoint_of("POST", path).takes_files


def test_only_the_sandbox_takes_files_from_whoever_does_not_sign_in(settings: Any) -> None:
    settings.DEBUG = True  # without it, there is no sandbox either
    taken = {
        path
        for path, view in routes()
        if getattr(view, "cls", None) is not None and not view.cls.authentication_classes
        for action in ("post", "put", "patch", *(getattr(view, "actions", None) or {}).values())
        if getattr(getattr(view.cls, action, None), "takes_files", False)
    }

    assert taken == {"sandbox/chats/<str:phone>/"}
    settings.DEBUG = False
    assert not endpoint_of("POST", "/sandbox/chats/+94771234567/").takes_files
