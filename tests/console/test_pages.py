"""The console's pages: static, under a strict policy, and made of nothing from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

import console

STATIC = Path(console.__file__).parent / "static" / "console"
SCRIPTS = sorted(STATIC.rglob("*.js"))


class Page(HTMLParser):
    """What a page loads, and what it says inside itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.loaded += [value for name in ("src", "href") if (value := named.get(name))]
        if (tag == "script" and "src" not in named) or tag == "style":
            self.inline.append(tag)
        self.inline += [name for name in named if name.startswith("on") or name == "style"]


def test_the_desk_is_at_the_root() -> None:
    answer = Client().get("/", {"chat": "5"})

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert answer["X-Frame-Options"] == "DENY"
    assert not answer.cookies


def test_its_policy_allows_files_of_this_origin_alone() -> None:
    policy = dict(rule.split(" ", 1) for rule in Client().get("/")["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in str(policy)


def test_it_loads_files_that_are_there_and_holds_no_scripts() -> None:
    page = Page(Client().get("/").content.decode())

    assert page.inline == []
    assert page.loaded
    for path in page.loaded:
        assert path.startswith("/static/console/")
        assert (STATIC / path.removeprefix("/static/console/")).is_file()
        assert Client().get(path).status_code == 200


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(STATIC)))
def test_scripts_import_files_that_are_there_and_make_no_markup_of_texts(script: Path) -> None:
    text = script.read_text()
    imported = re.findall(r"(?:from\s+|import\(\s*)'([^']+)'", text)

    missing = [path for path in imported if not (script.parent / path).is_file() and path != "./schema"]
    assert missing == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text) == []
    assert len(text.splitlines()) <= 300


def test_there_is_no_phone_without_debug() -> None:
    assert Client().get("/phone/").status_code == 404
