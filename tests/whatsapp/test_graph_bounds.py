"""An exchange with Meta ends in time, and its answer has an end, whatever the other side does."""

import gzip
import io
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from django.core.files.base import ContentFile

from customers.models import Customer
from messaging.channels import FileUnavailable, Outcome, Retry, Unknown, Unreachable, channel_of, transport_for
from messaging.models import Attachment, BusinessNumber, Direction, Message, Status
from tests.graph_double import GraphDouble
from tests.media_double import MediaDouble
from whatsapp.graph import bounds, media, transport
from whatsapp.graph.bounds import AnswerTooLarge, BoundedClient, within
from whatsapp.message_templates import SyncFailed, accounts, sync

pytestmark = pytest.mark.django_db

SOON = 0.4


@pytest.fixture
def message(customer: Customer, number: BusinessNumber) -> Message:
    return Message.objects.create(
        customer=customer,
        business_number=number,
        direction=Direction.OUTBOUND,
        text="Yes, in blue",
        status=Status.SENDING,
        attempts=1,
    )


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange may take less than half a second; one silence still may take 20."""
    monkeypatch.setattr(bounds, "EXCHANGE_SECONDS", SOON)


def outcome(message: Message) -> Outcome:
    with pytest.raises(Outcome) as caught:
        transport_for(message.business_number).send(message)
    return caught.value


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says to each connection whatever `talk` says."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=quietly, args=(connection,), daemon=True).start()
            except OSError:
                return  # closed: the test is over

        def quietly(connection: socket.socket) -> None:
            with connection:
                try:
                    talk(connection)
                except OSError:
                    return  # the client hung up

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("head", [False, True])
def test_an_answer_that_trickles(graph: GraphDouble, message: Message, *, head: bool) -> None:
    """Each byte is in time, all of them would never be."""
    graph.queue({"kind": "trickle", "pause": 0.02, "head": head})

    assert isinstance(outcome(message), Unknown), "it left, and nobody knows what became of it"

    assert len(graph.accepted) == 1
    assert transport_for(message.business_number).send(message), "the next one goes through"


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_an_end(graph: GraphDouble, message: Message, *, packed: bool) -> None:
    graph.queue({"kind": "endless", "packed": packed})

    assert isinstance(outcome(message), Unknown)

    assert len(graph.accepted) == 1


@pytest.mark.usefixtures("_short")
def test_a_server_that_never_reads() -> None:
    """The request is longer than what the sockets between hold."""
    over = threading.Event()

    def reads_nothing(connection: socket.socket) -> None:
        over.wait(10)

    with raw_server(reads_nothing) as url, BoundedClient() as client:
        with pytest.raises(httpx.WriteTimeout):
            client.post(url, content=b"x" * 50_000_000)
        over.set()


def test_a_file_may_take_longer_than_a_text(
    graph: GraphDouble, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In proportion to its size, and then no longer."""
    allowed: list[float] = []
    monkeypatch.setattr(transport, "within", lambda seconds: allowed.append(seconds) or within(seconds))
    file = Attachment.objects.create(message=message, state="ready", mime_type="application/pdf", file_name="a.pdf")
    file.file.save("a.pdf", ContentFile(b"%PDF-1.7" + b"x" * 1_999_992))

    transport_for(message.business_number).upload(message, file)

    assert allowed == [bounds.EXCHANGE_SECONDS + 10]


def test_an_upload_whose_answer_trickles(graph: GraphDouble, message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "seconds_for", lambda size, **_: SOON)
    graph.upload_faults.append({"kind": "trickle", "pause": 0.02})
    file = Attachment.objects.create(message=message, state="ready", mime_type="application/pdf", file_name="a.pdf")
    file.file.save("a.pdf", ContentFile(b"%PDF-1.7"))

    with pytest.raises(Retry):
        transport_for(message.business_number).upload(message, file)


def trickling(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    for _ in range(5000):
        connection.sendall(b" ")
        threading.Event().wait(0.02)


def inbound_file(customer: Customer, number: BusinessNumber) -> Attachment:
    came = Message.objects.create(
        customer=customer, business_number=number, direction=Direction.INBOUND, type="image", status=Status.RECEIVED
    )
    return Attachment.objects.create(message=came, provider_id="77")


@pytest.mark.usefixtures("_short")
def test_where_a_file_is_trickles(connect: Callable[[str], None], customer: Customer, number: BusinessNumber) -> None:
    with raw_server(trickling) as url:
        connect(url)
        with pytest.raises(FileUnavailable, match="too long"):
            channel_of(number).fetch(inbound_file(customer, number), io.BytesIO())


def test_a_file_that_trickles(
    connect: Callable[[str], None], customer: Customer, number: BusinessNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer bytes than are read at once."""
    monkeypatch.setattr(media, "seconds_for", lambda size, **_: SOON)
    with MediaDouble() as files, raw_server(trickling) as slow:
        connect(files.url)
        files.keep("77", b"\xff\xd8\xff")
        files.urls["/files/77"] = (302, {"Location": f"{slow}/files/77"})
        monkeypatch.setattr(media, "is_metas", lambda url: True)
        with pytest.raises(FileUnavailable, match="too long"):
            channel_of(number).fetch(inbound_file(customer, number), io.BytesIO())


def test_where_a_file_is_without_an_end(
    connect: Callable[[str], None], customer: Customer, number: BusinessNumber
) -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    with raw_server(endless) as url:
        connect(url)
        with pytest.raises(FileUnavailable):
            channel_of(number).fetch(inbound_file(customer, number), io.BytesIO())


@pytest.mark.usefixtures("_short")
def test_templates_that_trickle(connect: Callable[[str], None], settings: Any) -> None:
    with raw_server(trickling) as url:
        connect(url)
        settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "10"
        with pytest.raises(SyncFailed):
            sync(accounts()[0])


def answering(head: str, body: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)
        connection.recv(1)

    return talk


@pytest.mark.parametrize("name", ["gzip", "deflate", "identity", "GZIP"])
def test_packed_answers_are_read(name: str) -> None:
    said = json.dumps({"id": "1" * 5000}).encode()
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[name.lower()](said)
    with raw_server(answering(f"Content-Encoding: {name}\r\n", packed)) as url, BoundedClient() as client:
        assert client.get(url).json() == {"id": "1" * 5000}


@pytest.mark.parametrize(
    ("name", "body"),
    [("br", b"\x0b\x02\x80abc\x03"), ("gzip", b"no gzip"), ("gzip", gzip.compress(b"x" * 9999, mtime=0)[:-20])],
    ids=["unknown", "broken", "cut off"],
)
def test_packed_answers_that_cannot_be_read(name: str, body: bytes) -> None:
    server = raw_server(answering(f"Content-Encoding: {name}\r\n", body))
    with server as url, BoundedClient() as client, pytest.raises(httpx.DecodingError):
        client.get(url)


@pytest.mark.parametrize(("size", "read"), [(bounds.MAX_ANSWER_BYTES, True), (bounds.MAX_ANSWER_BYTES + 1, False)])
def test_a_megabyte_is_read_and_no_more(size: int, *, read: bool) -> None:
    with raw_server(answering("", b"x" * size)) as url, BoundedClient() as client:
        if read:
            assert len(client.get(url).content) == size
        else:
            with pytest.raises(AnswerTooLarge):
                client.get(url)


def test_connections_through_a_proxy_have_the_same_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "EXCHANGE_SECONDS", SOON)
    with raw_server(trickling) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("NO_PROXY", "")
        with BoundedClient() as client, pytest.raises(httpx.ReadTimeout):
            client.get("http://graph.invalid/me")


@pytest.fixture
def named(graph: GraphDouble, connect: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Graph has a name, which is resolved to what is in the list: addresses, and events that are waited for before."""
    connect(f"http://graph.example:{graph.port}")
    answer: list[Any] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != "graph.example":
            return real(host, port, *args, **options)
        for one in answer:
            if isinstance(one, threading.Event):
                one.wait(10)
        return [found for one in answer if isinstance(one, str) for found in real(one, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield answer
    for one in answer:
        if isinstance(one, threading.Event):
            one.set()


@pytest.mark.usefixtures("_short")
def test_a_name_server_that_does_not_answer(graph: GraphDouble, message: Message, named: list[Any]) -> None:
    """The system's look-up itself knows no timeout. Nothing has left, and the next one asks again."""
    named += [threading.Event(), "127.0.0.1"]

    assert isinstance(outcome(message), Unreachable)
    assert isinstance(outcome(message), Unreachable)
    waiting = [thread for thread in threading.enumerate() if thread.name == "look-up"]
    assert len(waiting) == 1, "all wait for the same look-up"

    named[0].set()
    waiting[0].join(10)
    assert transport_for(message.business_number).send(message)
    assert len(graph.accepted) == 1


def test_a_name_with_several_addresses(graph: GraphDouble, message: Message, named: list[Any]) -> None:
    """The first that answers is taken."""
    named += ["127.0.0.2", "127.0.0.1"]

    assert transport_for(message.business_number).send(message)


def test_a_name_without_an_address(graph: GraphDouble, message: Message, named: list[Any]) -> None:
    assert isinstance(outcome(message), Unreachable)
