"""`manage.py connect_number`: each step is checked with Meta, and `.env` keeps what else is in it."""

import builtins
import getpass
import stat
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.graph_double import GraphDouble, meta_error
from tests.webhooks import PHONE_NUMBER_ID
from whatsapp.doctor.findings import OK, Finding
from whatsapp.graph.questions import FIELDS
from whatsapp.management.commands import connect_number
from whatsapp.payload.account_changes import ACCOUNT_FIELDS
from whatsapp.payload.envelope import _READERS
from whatsapp.payload.template_changes import TEMPLATE_FIELDS

ACCOUNT, APP = "2000", "3000"
TOKEN, SECRET = "EAAgood", "app-secret"
SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]
BEFORE = """# Ours: do not lose this comment.
SECRET_KEY=abc
#WHATSAPP_PHONE_NUMBER_ID=
WHATSAPP_VERIFY_TOKEN=kept-verify-token
export WHATSAPP_SANDBOX=1
MAX_UPLOAD_MB=20"""
GIVEN = {"token": TOKEN, "app_secret": SECRET, "account": ACCOUNT, "number": PHONE_NUMBER_ID}


def of_token(method: str, query: dict[str, str], bearer: str) -> Any:
    valid = query["input_token"] == TOKEN
    granular = [{"scope": SCOPES[1], "target_ids": [ACCOUNT]}]
    data = {"is_valid": valid, "app_id": APP, "expires_at": 0, "scopes": SCOPES, "granular_scopes": granular}
    return {"data": data}


def of_app(method: str, query: dict[str, str], bearer: str) -> Any:
    return {"id": APP} if bearer == f"{APP}|{SECRET}" else (400, meta_error(190, "Invalid"))


@pytest.fixture
def graph(settings: Any, connect: Callable[[str], None]) -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        connect(double.url)
        number = {"id": PHONE_NUMBER_ID, "display_phone_number": "+1 555-078-3881", "verified_name": "Oak & Sons"}
        double.says = {
            "debug_token": of_token,
            APP: of_app,
            f"{ACCOUNT}/phone_numbers": {"data": [number]},
            PHONE_NUMBER_ID: number,
            f"{ACCOUNT}/subscribed_apps": {"success": True},
            f"{APP}/subscriptions": {"success": True},
        }
        yield double


@pytest.fixture
def env(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    file.write_text(BEFORE)
    file.chmod(0o644)
    return file


def run(env: Path, **options: Any) -> str:
    out = StringIO()
    call_command("connect_number", env_file=env, stdout=out, no_color=True, **options)
    return out.getvalue()


def posts(graph: GraphDouble) -> list[str]:
    return [path for method, path, _, _ in graph.asked if method == "POST"]


def test_everything_by_flags(graph: GraphDouble, env: Path) -> None:
    said = run(env, no_input=True, public_url="https://desk.example.com/", **GIVEN)

    assert (
        env.read_text()
        == f"""# Ours: do not lose this comment.
SECRET_KEY=abc
WHATSAPP_PHONE_NUMBER_ID={PHONE_NUMBER_ID}
WHATSAPP_VERIFY_TOKEN=kept-verify-token
export WHATSAPP_SANDBOX=1
MAX_UPLOAD_MB=20
WHATSAPP_ACCESS_TOKEN={TOKEN}
WHATSAPP_APP_SECRET={SECRET}
WHATSAPP_BUSINESS_ACCOUNT_ID={ACCOUNT}
PUBLIC_URL=https://desk.example.com
"""
    )
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert [path.name for path in env.parent.iterdir()] == [".env"]
    assert posts(graph) == [f"{ACCOUNT}/subscribed_apps"]
    assert "Restart Patter" in said
    assert TOKEN not in said
    assert SECRET not in said


def test_what_is_missing_is_asked_for_until_it_is_right(
    graph: GraphDouble, env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = iter(["EAAwrong", TOKEN, "wrong secret", SECRET])
    # The account and the number are known by the token, so Enter is enough.
    typed = iter(["", "999", PHONE_NUMBER_ID, "http://desk.example.com", "https://desk.example.com"])
    monkeypatch.setattr(getpass, "getpass", lambda _: next(hidden))
    monkeypatch.setattr(builtins, "input", lambda _: next(typed))
    said = run(env)

    assert "Meta no longer accepts it" in said
    assert f"It is not that of app {APP}" in said
    assert f"999 is not a number of account {ACCOUNT}" in said
    assert f"{PHONE_NUMBER_ID}  +1 555-078-3881  Oak & Sons" in said
    assert "It must be like https://desk.example.com" in said
    assert f"WHATSAPP_ACCESS_TOKEN={TOKEN}\n" in env.read_text()
    assert list(hidden) == list(typed) == []


def test_a_new_file_gets_a_verify_token(graph: GraphDouble, tmp_path: Path) -> None:
    run(tmp_path / ".env", no_input=True, **GIVEN)

    (line,) = [one for one in (tmp_path / ".env").read_text().splitlines() if one.startswith("WHATSAPP_VERIFY_TOKEN=")]
    assert len(line) > 50


def test_it_writes_into_the_file_that_patter_reads(graph: GraphDouble, tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "patter.env"
    file.write_text("WHATSAPP_VERIFY_TOKEN=older\nWHATSAPP_VERIFY_TOKEN=in-use\n")
    settings.ENV_FILE = str(file)

    call_command("connect_number", stdout=StringIO(), no_input=True, **GIVEN)

    assert f"WHATSAPP_ACCESS_TOKEN={TOKEN}\n" in file.read_text()
    assert "WHATSAPP_VERIFY_TOKEN=in-use\n" in file.read_text()  # as Patter does, the last one of a name
    assert "older" not in file.read_text()


def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(graph: GraphDouble, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be replaced by this user"):
        run(tmp_path / "missing" / ".env", no_input=True, **GIVEN)

    assert graph.asked == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"token": "EAAwrong"}, "no longer accepts it"),
        ({"token": None}, "--token is missing"),
        ({"app_secret": "wrong"}, "not that of app 3000"),
        ({"app_secret": None}, "--app-secret is missing"),
        ({"account": "777"}, "Unknown path"),
        ({"number": "999"}, "not a number of account"),
        ({"public_url": "desk.example.com"}, "must be like https://"),
        ({"verify_token": "it's"}, "cannot contain a quote"),
    ],
)
def test_what_is_wrong_ends_it_and_writes_nothing(
    graph: GraphDouble, env: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        run(env, no_input=True, **{**GIVEN, "overwrite": True, **changes})

    assert env.read_text() == BEFORE


def test_meta_that_cannot_be_reached(env: Path, connect: Callable[[str], None]) -> None:
    connect("http://127.0.0.1:9")

    with pytest.raises(CommandError, match="Meta cannot be reached"):
        run(env, **GIVEN)
    assert env.read_text() == BEFORE


@pytest.mark.parametrize("answer", ["", "n", "yes", "y"])
def test_it_asks_before_it_replaces(
    graph: GraphDouble, env: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    asked: list[str] = []

    def answering(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr(builtins, "input", answering)
    env.write_text(f"{BEFORE}\nWHATSAPP_ACCESS_TOKEN=EAAolder\n")
    before = env.read_text()
    given = {**GIVEN, "public_url": "https://desk.example.com"}
    if answer.startswith("y"):
        run(env, **given)
        assert f"WHATSAPP_ACCESS_TOKEN={TOKEN}" in env.read_text()
        assert "EAAolder" not in env.read_text()
    else:
        with pytest.raises(CommandError, match=r"Nothing was written\."):
            run(env, **given)
        assert env.read_text() == before
        assert posts(graph) == []
    assert asked == ["Replace WHATSAPP_ACCESS_TOKEN? [y/N] "]


def test_without_questions_it_needs_to_be_told(graph: GraphDouble, env: Path) -> None:
    env.write_text("WHATSAPP_ACCESS_TOKEN=EAAolder\n")
    with pytest.raises(CommandError, match="--overwrite"):
        run(env, no_input=True, **GIVEN)
    assert env.read_text() == "WHATSAPP_ACCESS_TOKEN=EAAolder\n"

    run(env, no_input=True, overwrite=True, **GIVEN)
    assert f"WHATSAPP_ACCESS_TOKEN={TOKEN}\n" in env.read_text()


def test_a_link_stays_a_link(graph: GraphDouble, env: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(env)
    run(link, no_input=True, **GIVEN)

    assert link.is_symlink()
    assert TOKEN in env.read_text()


def test_meta_posts_all_that_patter_reads() -> None:
    withdrawn = {"user_id_update"}
    assert set(FIELDS.split(",")) == {*_READERS, *TEMPLATE_FIELDS, *ACCOUNT_FIELDS} - withdrawn


def test_meta_is_told_where_to_post_once_patter_answers(
    graph: GraphDouble, env: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_URL, settings.WHATSAPP_VERIFY_TOKEN = "https://localhost:9", "a-verify-token"
    settings.WHATSAPP_ACCESS_TOKEN = TOKEN
    with pytest.raises(CommandError, match="does not answer"):
        run(env, webhook=True)
    assert posts(graph) == []

    monkeypatch.setattr(connect_number, "verification", lambda: Finding("webhook", OK, "it answers"))
    assert "Meta posts to https://localhost:9/api/webhook/" in run(env, webhook=True)
    (told,) = [one for one in graph.asked if one[0] == "POST"]
    assert told[1:] == (
        f"{APP}/subscriptions",
        {
            "object": "whatsapp_business_account",
            "callback_url": "https://localhost:9/api/webhook/",
            "verify_token": "a-verify-token",
            "fields": FIELDS,
        },
        f"{APP}|{SECRET}",
    )
    assert env.read_text() == BEFORE
