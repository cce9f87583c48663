"""Who may open a file, and how it is sent."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.sessions import sign_in
from accounts.models import Session, User
from core.files import links
from core.files.links import LINK_SECONDS, signed_path
from customer_data.actions import update_data
from customer_data.models import CustomerData
from customers.models import Customer
from tests.cast import ClientOf
from tests.customer_data.uploads import DATA, PDF, Upload, a_file, body_of, picture

PATH = "/media/customer_data/2024/01/15/contract.pdf"


def link_of(row: dict[str, Any]) -> str:
    parts = urlsplit(row["file_url"])
    return f"{parts.path}?{parts.query}"


def session_of(user: User) -> Session:
    """A new session of a user."""
    return sign_in(user=user).session


def assert_hidden(response: Any, status: int = 404) -> None:
    assert response.status_code == status
    assert b"PDF" not in response.content
    assert response["Cache-Control"] == "private, no-store"


def test_the_link_opens_the_file_without_a_token(anonymous: APIClient, upload: Upload) -> None:
    response = anonymous.get(link_of(upload("Ünï côde (1).pdf")))
    assert (response.status_code, body_of(response)) == (200, PDF)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(len(PDF))
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%9Cn%C3%AF%20c%C3%B4de%20%281%29.pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in response


def test_a_token_opens_it_on_the_same_path(as_owner: APIClient, upload: Upload) -> None:
    response = as_owner.get(upload()["file"], HTTP_ACCEPT="image/*")
    assert (response.status_code, body_of(response)) == (200, PDF)


def test_nobody_else_reads_it(
    as_admin: APIClient, as_stranger: APIClient, as_customer: APIClient, anonymous: APIClient, upload: Upload
) -> None:
    path = upload()["file"]
    for client in (as_admin, as_stranger, as_customer):
        for method in (client.get, client.head):
            assert_hidden(method(path))
        assert client.get(path).json() == client.get(PATH).json()
        assert_hidden(client.get(path, HTTP_RANGE="bytes=0-3"))
    assert_hidden(anonymous.get(path), 401)
    assert_hidden(anonymous.get(PATH), 401)
    assert_hidden(anonymous.get(path, HTTP_AUTHORIZATION="Bearer nonsense"), 401)


@pytest.mark.parametrize(
    "path",
    [
        "/media/",
        "/media/customer_data/",
        "/media/customer_data/../customer_data/{rest}",
        "/media/customer_data//{rest}",
        "/media/customer_data/%2e%2e/customer_data/{rest}",
        "/media/customer_data/{rest}/",
        "/media/avatars/{rest}",
        "/media/customer_data/%00{rest}",
        "/static/../media/customer_data/{rest}",
        "/media/customer_data/etc/passwd",
    ],
)
def test_detours_lead_nowhere(as_owner: APIClient, upload: Upload, path: str) -> None:
    rest = upload()["file"].removeprefix("/media/customer_data/")
    assert as_owner.get(path.format(rest=rest)).status_code in (400, 404)


def test_an_encoded_slash_is_no_way_around(as_owner: APIClient, as_stranger: APIClient, upload: Upload) -> None:
    path = "/media/customer_data/" + upload()["file"].removeprefix("/media/customer_data/").replace("/", "%2F")
    assert as_owner.get(path).status_code == 200
    assert_hidden(as_stranger.get(path))


def test_a_link_is_good_for_a_day_at_most(
    anonymous: APIClient, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, made = link_of(upload()), time.time()
    assert LINK_SECONDS == 24 * 3600

    def after(seconds: float) -> Any:
        monkeypatch.setattr(links.time, "time", lambda: made + seconds)
        return anonymous.get(link)

    assert after(23 * 3600 - 5).status_code == 200
    assert_hidden(after(24 * 3600 + 1))
    assert_hidden(after(-2 * 3600))


def test_a_link_stays_the_same_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    made = set()
    for moment in (1_200_002_400, 1_200_005_999.9, 1_200_006_000):
        monkeypatch.setattr(links.time, "time", lambda moment=moment: moment)
        made.add(signed_path("customer_data/a.pdf", UUID(int=7)))
    assert len(made) == 2


@pytest.mark.parametrize(
    "alter",
    [
        lambda q: {**q, "sig": q["sig"][:-1]},
        lambda q: {**q, "sig": ""},
        lambda q: {**q, "sig": "é\udc80".encode("utf-8", "replace").decode()},
        lambda q: {**q, "session": "{admin}"},
        lambda q: {**q, "session": q["session"].upper()},
        lambda q: {**q, "session": q["session"].replace("-", "")},
        lambda q: {**q, "session": "1"},
        lambda q: {**q, "session": "9" * 40},
        lambda q: {"user": "1", "expires": q["expires"], "sig": q["sig"]},
        lambda q: {**q, "expires": str(int(q["expires"]) + 60)},
        lambda q: {**q, "expires": ""},
        lambda q: {"sig": q["sig"]},
    ],
)
def test_an_altered_link_opens_nothing(
    anonymous: APIClient, upload: Upload, admin: User, alter: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    path, _, query = link_of(upload()).partition("?")
    altered = alter({name: values[0] for name, values in parse_qs(query).items()})
    altered = {name: value.replace("{admin}", str(session_of(admin).pk)) for name, value in altered.items()}
    assert_hidden(anonymous.get(f"{path}?{urlencode(altered)}"))


def test_a_link_opens_one_file(anonymous: APIClient, upload: Upload) -> None:
    first, second = upload(), upload("other.pdf", key="other")
    assert_hidden(anonymous.get(f"{second['file']}?{link_of(first).partition('?')[2]}"))


def test_the_right_is_asked_when_the_link_is_used(
    anonymous: APIClient, as_owner: APIClient, upload: Upload, customer: Customer, owner: User, stranger: User
) -> None:
    row = upload()
    assert anonymous.get(link_of(row)).status_code == 200
    Customer.objects.filter(pk=customer.pk).update(owner=stranger)
    assert_hidden(anonymous.get(link_of(row)))
    assert_hidden(as_owner.get(row["file"]))
    Customer.objects.filter(pk=customer.pk).update(owner=owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert_hidden(anonymous.get(link_of(row)))
    User.objects.filter(pk=owner.pk).update(is_active=True, role="customer")
    assert_hidden(anonymous.get(link_of(row)))


def test_a_link_for_somebody_without_the_right_opens_nothing(anonymous: APIClient, upload: Upload, admin: User) -> None:
    assert_hidden(anonymous.get(signed_path(upload()["file"].removeprefix("/media/"), session_of(admin).pk)))


def test_a_link_dies_with_its_session(
    anonymous: APIClient, upload: Upload, as_owner: APIClient, owner: User, client_of: ClientOf
) -> None:
    row = upload()
    other = client_of(owner)
    kept = other.get(f"/api/message/customer-data/{row['id']}/").json()["file_url"].removeprefix("http://testserver")
    link = link_of(row)
    assert [anonymous.get(each).status_code for each in (link, kept)] == [200, 200]

    assert as_owner.post("/api/auth/logout/").status_code == 204

    assert_hidden(anonymous.get(link))
    assert anonymous.get(kept).status_code == 200, "another session of the same user goes on"
    Session.objects.filter(user=owner).update(expires_at=timezone.now())
    assert_hidden(anonymous.get(kept))


def test_a_link_outlives_the_access_token(
    anonymous: APIClient, upload: Upload, monkeypatch: pytest.MonkeyPatch, owner: User
) -> None:
    """A page that keeps `file_url` in its state goes on showing the file."""
    link = link_of(upload())
    made = time.time()
    monkeypatch.setattr(links.time, "time", lambda: made + 20 * 3600)
    assert anonymous.get(link).status_code == 200


def test_a_link_made_for_one_user_cannot_be_turned_into_anothers(
    anonymous: APIClient, upload: Upload, admin: User, owner: User
) -> None:
    link = signed_path(upload()["file"].removeprefix("/media/"), session_of(admin).pk)
    assert_hidden(anonymous.get(link.replace(str(session_of(admin).pk), str(session_of(owner).pk))))


def test_the_file_goes_with_its_entry(as_owner: APIClient, upload: Upload, media: Path) -> None:
    row = upload()
    (media / row["file"].removeprefix("/media/")).unlink()
    assert_hidden(as_owner.get(row["file"]))
    CustomerData.objects.all().delete()
    assert_hidden(as_owner.get(row["file"]))


@pytest.mark.parametrize(
    ("asked", "status", "content", "content_range"),
    [
        ("bytes=0-3", 206, PDF[:4], f"bytes 0-3/{len(PDF)}"),
        ("bytes=4-", 206, PDF[4:], f"bytes 4-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=-5", 206, PDF[-5:], f"bytes {len(PDF) - 5}-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=0-99999", 206, PDF, f"bytes 0-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=-99999", 206, PDF, f"bytes 0-{len(PDF) - 1}/{len(PDF)}"),
        (f"bytes={len(PDF)}-", 416, b"", f"bytes */{len(PDF)}"),
        ("bytes=-0", 416, b"", f"bytes */{len(PDF)}"),
        ("bytes=5-2", 200, PDF, None),
        ("bytes=0-1,3-4", 200, PDF, None),
        ("lines=1-2", 200, PDF, None),
        ("bytes=-", 200, PDF, None),
        ("bytes=" + "9" * 30 + "-", 200, PDF, None),
    ],
)
def test_ranges(
    as_owner: APIClient, upload: Upload, asked: str, status: int, content: bytes, content_range: str | None
) -> None:
    response = as_owner.get(upload()["file"], HTTP_RANGE=asked)
    assert response.status_code == status
    assert response.headers.get("Content-Range") == content_range
    assert (body_of(response) if response.streaming else response.content) == content
    if status != 416:
        assert response["Content-Length"] == str(len(content))
        assert response["Accept-Ranges"] == "bytes"


def test_a_range_of_another_version_gets_the_whole_file(as_owner: APIClient, upload: Upload) -> None:
    path = upload()["file"]
    first = as_owner.get(path)
    for condition, status in (
        (first["ETag"], 206),
        (first["Last-Modified"], 206),
        ('"other"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("nonsense", 200),
    ):
        response = as_owner.get(path, HTTP_RANGE="bytes=0-3", HTTP_IF_RANGE=condition)
        assert response.status_code == status


def test_a_copy_that_is_still_good_is_not_sent_again(as_owner: APIClient, upload: Upload) -> None:
    path = upload()["file"]
    etag = as_owner.get(path)["ETag"]
    response = as_owner.get(path, HTTP_IF_NONE_MATCH=etag)
    assert (response.status_code, response.content) == (304, b"")
    assert as_owner.get(path, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_head_says_the_same_without_a_body(as_owner: APIClient, upload: Upload) -> None:
    path = upload()["file"]
    same = {"X-Request-ID": "both"}
    whole, head = as_owner.get(path, headers=same), as_owner.head(path, headers=same)
    assert head.status_code == 200
    assert dict(head.headers) == dict(whole.headers)
    assert body_of(head) == b""
    assert as_owner.post(path).status_code == 405


def test_behind_nginx_only_the_right_is_checked(
    as_owner: APIClient, as_stranger: APIClient, upload: Upload, settings: Any
) -> None:
    path = upload("a b%.png", picture())["file"]
    settings.FILES_ACCEL_PREFIX = "/protected/"
    response = as_owner.get(path)
    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Accel-Redirect"] == path.replace("/media/", "/protected/")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'inline; filename="a b%.png"'
    refused = as_stranger.get(path)
    assert refused.status_code == 404
    assert "X-Accel-Redirect" not in refused


@pytest.mark.parametrize(
    ("name", "content", "content_type", "shown"),
    [
        ("a.png", picture(), "image/png", True),
        ("a.jpg", picture("JPEG"), "image/jpeg", True),
        ("a.mp3", b"ID3\x04" + bytes(64), "audio/mpeg", True),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(64), "video/mp4", True),
        ("a.pdf", PDF, "application/pdf", False),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream", False),
        ("a.html", b"<script>alert(1)</script>", "application/octet-stream", False),
        ("a.xhtml", b"<?xml version='1.0'?><html/>", "application/octet-stream", False),
        ("a.xml", b"<?xml version='1.0'?><a/>", "application/octet-stream", False),
        ("a.js", b"alert(1)", "application/octet-stream", False),
        ("a.txt", b"<script>alert(1)</script>", "text/plain", False),
        ("a.png.html", b"<b>", "application/octet-stream", False),
    ],
)
def test_only_pictures_sound_and_video_are_shown_inline(
    as_owner: APIClient, upload: Upload, name: str, content: bytes, content_type: str, shown: bool
) -> None:
    response = as_owner.get(upload(name, content)["file"])
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith("inline;" if shown else "attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert body_of(response) == content


@pytest.mark.parametrize(
    ("given", "shown", "stored"),
    [
        ("photo\u202egpj.pdf", "photogpj.pdf", "photogpj"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf", "aSet-Cookie_x_1"),
        ("../../etc/passwd.pdf", "passwd.pdf", "passwd"),
        ("C:\\temp\\contract.pdf", "contract.pdf", "contract"),
        ('quo"te\\s;.pdf', "s;.pdf", "s"),
        ("договор.pdf", "договор.pdf", "file"),
        ("Ünïcode.PDF", "Ünïcode.PDF", "Unicode"),
        ("shell.php.pdf", "shell.php.pdf", "shell_php"),
        ("long" * 100 + ".pdf", ("long" * 100)[:251] + ".pdf", ("long" * 15)),
    ],
)
def test_names(as_owner: APIClient, upload: Upload, given: str, shown: str, stored: str) -> None:
    file = a_file("placeholder.pdf")
    file._name = given
    row = CustomerData.objects.get(pk=upload("placeholder.pdf")["id"])
    update_data(entry=row, actor=row.user, changes={"file": file})
    entry = as_owner.get(f"{DATA}{row.pk}/").json()
    assert entry["file_name"] == shown
    assert entry["file"].rpartition("/")[2] == f"{stored}.pdf"
    disposition = as_owner.get(entry["file"])["Content-Disposition"]
    assert "\r" not in disposition
    assert "\n" not in disposition


def test_equal_names_do_not_meet(as_owner: APIClient, upload: Upload) -> None:
    first, second = upload(), upload(key="second", content=PDF + b"%second")
    assert first["file"] != second["file"]
    assert first["file_name"] == second["file_name"] == "contract.pdf"
    assert body_of(as_owner.get(first["file"])) == PDF


def test_the_row_can_be_sent_back_as_it_came(as_owner: APIClient, upload: Upload) -> None:
    row = upload()
    for body in (row, {**row, "file": row["file_url"]}):
        answer = as_owner.put(f"{DATA}{row['id']}/", body)
        assert answer.status_code == 200, answer.json()
        assert answer.json()["file"] == row["file"]


@pytest.mark.parametrize("file", ["/media/customer_data/2024/01/15/other.pdf", "contract.pdf", "http://[", "x" * 5000])
def test_no_other_text_is_a_file(as_owner: APIClient, upload: Upload, file: str) -> None:
    row = upload()
    answer = as_owner.put(f"{DATA}{row['id']}/", {**row, "file": file, "value": "changed"})
    assert (answer.status_code, list(answer.json())) == (400, ["file"])
    assert as_owner.get(f"{DATA}{row['id']}/").json()["value"] == row["value"]
