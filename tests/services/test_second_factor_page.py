"""The second factor and a new password in a real browser: the console, Swagger UI and the page of the link."""

import subprocess

from tests.services.harness import Start
from tests.services.test_browser import BROWSER, chromium


def test_people_turn_it_on_use_it_and_turn_it_off(start: Start) -> None:
    server = start()
    command = ["node", "console/second_factor.mjs", server.url, chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.output()[-3000:]}"
