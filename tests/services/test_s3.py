"""Files on S3: rights are asked by Patter, bytes come from the bucket, and nothing is left there or lost."""

import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.graph_double import GraphDouble
from tests.media_double import MediaDouble
from tests.media_files import picture
from tests.services.harness import KINDS, ROOT, Server, Stack, Stacks, wait_for
from tests.services.meta import Meta, body_of, phones, text_message
from tests.services.s3 import BUCKET, PREFIX, S3Server
from whatsapp.sandbox.webhook_bodies import message_item

DATA = "/api/message/customer-data/"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    server = S3Server(tmp_path / "s3.log")
    server.start()
    server.make_bucket()
    yield server
    server.kill()


@pytest.fixture
def server(stack: Stack, s3: S3Server) -> Server:
    s3.used_by(stack)
    started, _ = stack.start()
    return started


def person(stack: Stack, server: Server, who: int = 0) -> httpx.Client:
    headers = {"Authorization": f"Bearer {stack.people['sales'][who]['token']}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False)


def made_customer(client: httpx.Client) -> int:
    customer: int = client.post("/api/customers/", json={"name": "Jane Roe"}).json()["id"]
    return customer


def upload(client: httpx.Client, customer: int, key: str, name: str = "contract.pdf", body: bytes = PDF) -> Any:
    return client.post(DATA, data={"customer": str(customer), "key": key}, files={"file": (name, body)})


def test_a_file_lives_in_the_bucket(stack: Stack, s3: S3Server, server: Server) -> None:
    with person(stack, server) as mine, person(stack, server, 1) as stranger, httpx.Client(trust_env=False) as nobody:
        customer = made_customer(mine)
        kept = upload(mine, customer, "k", "Vertrag für 3 Öfen.pdf").json()
        path = urlsplit(kept["file_url"]).path

        sent = mine.get(path)
        assert (sent.status_code, sent.content) == (302, b"")
        assert (sent.headers["Cache-Control"], sent.headers["Referrer-Policy"]) == ("private, no-store", "no-referrer")
        assert parse_qs(urlsplit(sent.headers["Location"]).query)["X-Amz-Expires"] == ["60"]
        there = nobody.get(sent.headers["Location"])
        assert (there.status_code, there.content) == (200, PDF)
        assert there.headers["Content-Type"] == "application/pdf"
        assert there.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''Vertrag%20f%C3%BCr")
        part = nobody.get(mine.get(path).headers["Location"], headers={"Range": "bytes=9-12"})
        assert (part.status_code, part.content) == (206, PDF[9:13])
        # With the bearer token, which the client leaves behind where another origin begins, and by the link alone.
        assert mine.get(path, follow_redirects=True).content == PDF
        assert nobody.get(kept["file_url"], follow_redirects=True).content == PDF
        assert nobody.head(nobody.head(kept["file_url"]).headers["Location"]).status_code == 200

        foreign = stranger.get(path)
        assert (foreign.status_code, "Location" in foreign.headers) == (404, False)
        assert nobody.get(f"{server.url}{path}").status_code == 401

        photo = upload(mine, customer, "photo", "sofa.png", picture("PNG")).json()
        shown = nobody.get(photo["file_url"], follow_redirects=True)
        assert shown.headers["Content-Disposition"].startswith("inline")
        assert shown.headers["Content-Type"] == "image/png"
        script = upload(mine, customer, "page", "x.html", b"<script>alert(1)</script>").json()
        served = nobody.get(script["file_url"], follow_redirects=True).headers
        assert served["Content-Disposition"].startswith("attachment")
        assert served["Content-Type"] == "application/octet-stream"
        # The same name again is another file.
        again = upload(mine, customer, "other", "sofa.png", picture("PNG", (9, 9))).json()
        assert again["file_url"] != photo["file_url"]
        assert len(s3.names()) == 4
        assert not list(Path(stack.env["MEDIA_ROOT"]).rglob("*.p*")), "something is on disk"
        policy = httpx.get(server.url, trust_env=False).headers["Content-Security-Policy"]
        assert f"img-src 'self' {s3.url}" in policy


def test_what_is_deleted_or_erased_is_gone(stack: Stack, s3: S3Server, server: Server) -> None:
    with person(stack, server) as mine:
        customer = made_customer(mine)
        first = upload(mine, customer, "a").json()["id"]
        upload(mine, customer, "b", "other.pdf")
        mine.patch(f"{DATA}{first}/", data={"key": "a"}, files={"file": ("newer.pdf", PDF)})
        wait_for("the replaced file to go", lambda: len(s3.names()) == 2)
        headers = {"Authorization": f"Bearer {stack.admin_token}"}
        url = f"{server.url}/api/customers/customers/{customer}/export/"
        exported = httpx.get(url, headers=headers, trust_env=False)
        with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
            assert [archive.read(name) for name in archive.namelist() if name.endswith(".pdf")] == [PDF, PDF]
        assert mine.delete(f"{DATA}{first}/").is_success
        wait_for("the deleted file to go", lambda: len(s3.names()) == 1)
        erased = httpx.delete(f"{server.url}/api/customers/{customer}/", headers=headers, trust_env=False)
        assert erased.is_success, erased.text
        wait_for("the erased file to go", lambda: not s3.names())


def test_sweeping(stack: Stack, s3: S3Server, server: Server) -> None:
    with person(stack, server) as mine:
        customer = made_customer(mine)
        upload(mine, customer, "kept")
        lost = upload(mine, customer, "lost", "lost.pdf").json()["id"]
    s3.put("customer_data/2020/01/01/0123456789abcdef/orphan.pdf")
    s3.put("somebody/else.pdf")
    name = stack.database.value(f"SELECT file FROM customer_data_customerdata WHERE id = {lost}")
    s3.client().delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")

    def sweep(*more: str) -> str:
        argv = [sys.executable, "manage.py", "sweep_files", *more]
        done = subprocess.run(argv, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    assert "orphan.pdf" not in sweep("--dry-run"), "it may be an upload under way"
    _age_everything(s3, stack)
    said = sweep()
    assert "orphan.pdf" in said
    assert "Removed 1 file(s), 1 bytes." in said
    assert f"missing: {name}" in said
    assert "Rows whose file is missing: 1." in said
    left = {key.rpartition("/")[2] for key in s3.names()}
    assert left == {"contract.pdf", "else.pdf"}


def _age_everything(s3: S3Server, stack: Stack) -> None:
    """Moto has no clock to turn, so Patter's is: the server and the commands believe that it is tomorrow."""
    later = stack.root / "tomorrow"
    later.mkdir()
    (later / "sitecustomize.py").write_text("import time\nnow = time.time\ntime.time = lambda: now() + 86400\n")
    stack.env["PYTHONPATH"] = str(later)


def test_the_storage_is_away(stack: Stack, s3: S3Server, server: Server) -> None:
    with person(stack, server) as mine:
        customer = made_customer(mine)
        kept = upload(mine, customer, "before").json()
        s3.gate.shut()
        refused = upload(mine, customer, "k")
        assert (refused.status_code, refused.json()["code"]) == (507, "cannot_store")
        assert "Nothing was changed" in refused.json()["detail"]
        headers = {"Authorization": f"Bearer {stack.admin_token}"}
        url = f"{server.url}/api/customers/customers/{customer}/export/"
        export = httpx.get(url, headers=headers, trust_env=False, timeout=60)
        assert (export.status_code, export.json()["code"]) == (503, "files_away")
        assert int(export.headers["Retry-After"]) > 0
        # Deleting what has a file works: the sweep removes the file later.
        assert mine.delete(f"{DATA}{kept['id']}/").is_success
        assert mine.get(DATA, params={"customer": customer}).json() == []
        assert httpx.get(f"{server.url}/readyz", trust_env=False).status_code == 200

        s3.gate.open()
        assert upload(mine, customer, "k").status_code == 201
        server.kill()
        s3.gate.shut()
        server.start()  # without its files it serves everything else
        assert "MEDIA_STORAGE cannot be reached" in server.output()
        assert mine.get(DATA, params={"customer": customer}).json()[0]["key"] == "k"
        s3.gate.open()
        path = urlsplit(mine.get(DATA, params={"customer": customer}).json()[0]["file_url"]).path
        assert mine.get(path, follow_redirects=True).content == PDF


def test_a_message_waits_for_its_file(services: Stack, s3: S3Server, graph: GraphDouble) -> None:
    """What goes to WhatsApp is read from the bucket; while that is away, the message waits."""
    s3.used_by(services)
    server, (relay,) = services.start()
    Meta([server.url]).deliver(body_of(messages=[text_message(phones(1)[0], "wamid.HELLO")]))
    customer = wait_for("the customer", lambda: services.database.value("SELECT id FROM customers_customer"))
    relay.stop()
    sent = httpx.post(
        f"{server.url}/api/messages/",
        data={"customer": str(customer), "type": "document"},
        files={"media": ("offer.pdf", PDF)},
        headers={"Authorization": f"Bearer {services.admin_token}"},
        trust_env=False,
    )
    assert sent.status_code == 201, sent.text
    s3.gate.shut()
    relay.start()
    row = f"FROM messaging_message WHERE id = {sent.json()['id']}"
    wait_for("the first try", lambda: services.database.value(f"SELECT retry_seconds {row}"), 90)
    assert services.database.value(f"SELECT status {row}") == "queued"
    assert not graph.uploads
    s3.gate.open()
    services.database.query(f"UPDATE messaging_message SET not_before = now() {row[row.index('WHERE') :]}")
    wait_for("the message to be sent", lambda: services.database.value(f"SELECT status {row}") == "sent")
    (uploaded,) = graph.uploads
    assert PDF in uploaded["body"]
    assert b'filename="offer.pdf"' in uploaded["body"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_customers_send_is_kept_there(stacks: Stacks, s3: S3Server, kind: str) -> None:
    """The relay fetches it from Meta; while the bucket is away, it tries again."""
    photo = picture("JPEG", (600, 400))
    with MediaDouble() as double, stacks.stack(kind, double.url) as stack:
        s3.used_by(stack)
        server, _ = stack.start()
        double.keep("1", photo)
        s3.gate.shut()
        content = {"id": "1", "mime_type": "image/jpeg", "sha256": "x"}
        Meta([server.url]).deliver(
            body_of(messages=[message_item(phones(1)[0], "wamid.P", type="image", image=content)])
        )
        error = "SELECT error FROM messaging_attachment"
        wait_for("the first try", lambda: stack.database.value(error) == "The file could not be stored.")
        assert not s3.names()
        s3.gate.open()
        state = "SELECT state FROM messaging_attachment"
        wait_for("the file", lambda: stack.database.value(state) == "ready")
        row = stack.database.query("SELECT file, thumbnail, sha256 FROM messaging_attachment")[0]
        assert s3.content(row[0]) == photo
        assert row[2] == hashlib.sha256(photo).hexdigest()
        assert {f"{PREFIX}/{row[0]}", f"{PREFIX}/{row[1]}"} == s3.names()
        message = httpx.get(
            f"{server.url}/api/messages/", headers={"Authorization": f"Bearer {stack.admin_token}"}, trust_env=False
        ).json()["results"][0]
        for link in (message["media"]["url"], message["media"]["thumbnail_url"]):
            assert httpx.get(link, follow_redirects=True, trust_env=False).headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("bucket", "changed", "said"),
    [
        ("no-such-bucket", {}, "there is no bucket no-such-bucket"),
        (BUCKET, {"AWS_ACCESS_KEY_ID": ""}, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (BUCKET, {"FILES_ACCEL_PREFIX": "/protected/"}, "Set one."),
    ],
)
def test_it_says_at_the_start_what_is_wrong(
    services: Stack, s3: S3Server, bucket: str, changed: dict[str, str], said: str
) -> None:
    s3.used_by(services, **changed)
    services.env["MEDIA_STORAGE"] = services.env["MEDIA_STORAGE"].replace(BUCKET, bucket)
    for process in (services.server(), services.relay()):
        process.launch()
        assert process.wait_dead(60) != 0
        assert said in process.output(), process.output()[-2000:]


def test_two_installations_in_one_bucket_do_not_sweep_each_other(services: Stack, s3: S3Server) -> None:
    s3.used_by(services)
    s3.put(".patter-00000000-0000-0000-0000-000000000001")
    code = (
        "import django; django.setup()\n"
        "from core.files.sweeping import refuse_unless_ours, SweepRefused\n"
        "try: refuse_unless_ours()\n"
        "except SweepRefused as refused: print(refused)"
    )
    env = {**services.env, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert "Another Patter has sent messages with this MEDIA_STORAGE" in done.stdout, done.stderr[-2000:]


def test_the_sandbox_keeps_its_files_there(s3: S3Server, stacks: Stacks) -> None:
    """With several machines, the relay that fetches a file is not where the phone's page stored it."""
    with stacks.stack("services") as stack:
        s3.used_by(stack, DEBUG="1")
        server, _ = stack.start()
        said = httpx.post(
            f"{server.url}/sandbox/chats/+94770000001/",
            data={"type": "document"},
            files={"file": ("list.pdf", PDF, "application/pdf")},
            trust_env=False,
        )
        assert said.status_code == 201, said.text
        state = "SELECT state FROM messaging_attachment"
        wait_for("the file", lambda: stack.database.value(state) == "ready")
        assert any("/sandbox/" in name for name in s3.names())
        assert s3.content(stack.database.value("SELECT file FROM messaging_attachment")) == PDF
