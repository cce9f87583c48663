"""The documents for front ends, as pages: Markdown becomes HTML with anchors and a table of contents."""

import html
import re
from dataclasses import dataclass, replace
from pathlib import Path

from markdown import Markdown
from markdown.extensions.toc import TocExtension

# By the last part of the page's path. A link from one to another leads to its page; other files have none.
DOCUMENTS = {"": "api.md", "realtime": "realtime.md"}
_FOLDER = Path(__file__).resolve().parent.parent / "docs"
# Where a server is in the documents.
_SERVER = "http://127.0.0.1:8000"
_PAGES = {file: f"/api/guide/{name}/" if name else "/api/guide/" for name, file in DOCUMENTS.items()}


@dataclass(frozen=True)
class Document:
    """A document as HTML."""

    title: str
    contents: str
    body: str

    def at(self, server: str) -> "Document":
        """The same with the address of a server in place of the one that is written."""
        return replace(self, body=self.body.replace(_SERVER, html.escape(server)))


def document(name: str) -> Document:
    """The document of a page. It is part of the repository, so what is in it is trusted."""
    toc = TocExtension(toc_depth="2-3", anchorlink=True)
    markdown = Markdown(extensions=["fenced_code", "tables", toc])
    body = markdown.convert((_FOLDER / DOCUMENTS[name]).read_text())
    title = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
    assert title is not None
    body = re.sub(r'<a href="([^"#:]+\.\w+)(#[^"]*)?">(.*?)</a>', _link, body, flags=re.DOTALL)
    body = body.replace(f'href="{_SERVER}/', 'href="/')
    # A table that is wider than a phone scrolls inside itself; so does code, which people can also reach by keyboard.
    body = body.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    body = body.replace("<pre>", '<pre tabindex="0">')
    contents: str = getattr(markdown, "toc", "")
    return Document(re.sub(r"<[^>]+>", "", title[1]), contents, body)


def _link(match: re.Match[str]) -> str:
    page = _PAGES.get(match[1])
    return f'<a href="{page}{match[2] or ""}">{match[3]}</a>' if page else match[3]
