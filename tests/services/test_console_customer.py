"""The customer pane of the console, in a real browser against a real server with the demo data."""

import subprocess

from tests.services.harness import Start
from tests.services.test_browser import BROWSER, chromium


def test_the_customer_pane_does_what_the_api_can(start: Start) -> None:
    server = start()
    driver = BROWSER / "console" / "customer.mjs"
    command = ["node", str(driver), server.url, chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}\n{server.output()[-3000:]}"
