"""The React hook and form of the customer data document, in a real browser against a real server."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.services.harness import ROOT, Stack

BROWSER = ROOT / "tests" / "browser"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The path of a browser; fails, rather than skips, when what `tests/browser/install` installs is missing."""
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None or shutil.which("node") is None or not (BROWSER / "node_modules" / "esbuild").is_dir():
        pytest.fail("Chromium, Node.js or the test's packages are missing: run tests/browser/install.")
    return found


def test_the_documented_react_code_works(make_stack: Callable[[str], Stack]) -> None:
    stack = make_stack("embedded")
    server = stack.server()
    server.start()
    token = stack.people["sales"][0]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = httpx.post(f"{server.url}/api/customers/", json={"name": "Jane Roe"}, headers=headers, trust_env=False)
    command = ["node", "drive.mjs", server.url, token, str(made.json()["id"]), chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.output()[-3000:]}"

    rows = stack.database.query("SELECT key, value, file_name FROM customer_data_customerdata ORDER BY key")
    assert rows == [("id_card", "National ID Card", "b.png"), ("logo", "", "logo.svg")]
    files = {name for (name,) in stack.database.query("SELECT file FROM customer_data_customerdata")}
    media = stack.root / "media"
    assert {str(path.relative_to(media)) for path in Path(media).rglob("*.*")} == files
