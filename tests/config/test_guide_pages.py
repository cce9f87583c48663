"""The pages for developers: what they show, and that nothing they need is left out of an installation."""

import re

import pytest
from django.test import Client

from config.guide import DOCUMENTS
from tests.test_docs import ROOT, text_of

PAGES = [f"/api/guide/{name}/" if name else "/api/guide/" for name in DOCUMENTS]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_its_whole_document(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    document = text_of(f"docs/{DOCUMENTS[path.removeprefix('/api/guide').strip('/')]}")

    headings = re.findall(r"^##+ (.+)$", re.sub(r"^```.*?^```$", "", document, flags=re.M | re.S), re.M)
    assert len(headings) > 5
    assert len(re.findall(r"<h[23] id=", page)) == len(headings)
    assert page.count("<pre") == len(re.findall(r"^```\w", document, re.M))


@pytest.mark.parametrize("path", PAGES)
def test_links_on_a_page_lead_somewhere(client: Client, path: str) -> None:
    pages = {page: client.get(page).content.decode() for page in PAGES}
    for address in set(re.findall(r'<a [^>]*href="([^"]+)"', pages[path])):
        target, _, anchor = address.partition("#")
        found = pages.get(target or path)
        if found is None:
            assert client.get(target).status_code == 200, address
        elif anchor:
            assert f'id="{anchor}"' in found, address


def test_code_names_the_server_that_shows_it(client: Client) -> None:
    page = client.get("/api/guide/", headers={"host": "localhost:9000"}).content.decode()

    assert "API=http://localhost:9000/api" in page
    assert "127.0.0.1" not in page


def test_documents_are_part_of_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()

    assert not [line for line in left_out if line.startswith(("docs", "core", "*.md", "**/*.md"))]
