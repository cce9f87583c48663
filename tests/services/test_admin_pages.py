"""Every page of Django admin in a real browser, wide and narrow, light and dark."""

import subprocess
from pathlib import Path

from tests.services.harness import Start, manage
from tests.services.test_browser import BROWSER, chromium

# Rows for the lists that the demo leaves empty.
_MORE = """
from django.db import transaction
from tests.admin_rows import ROWS
with transaction.atomic():
    for place, label in enumerate(sorted(ROWS)):
        for row in range(3):
            ROWS[label](1000 + 3 * place + row)
"""


def test_every_page_opens_and_fits(start: Start, tmp_path: Path) -> None:
    server = start(TIME_ZONE="Asia/Colombo")
    manage(server.env, "shell", "-v0", "-c", _MORE)

    command = ["node", "admin.mjs", server.url, chromium()]
    done = subprocess.run(command, cwd=BROWSER, capture_output=True, text=True, timeout=900)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{server.output()[-3000:]}"
    opened = set(done.stdout.split())
    for page in ("/admin/", "/admin/messaging/message/", "/admin/customers/customer/add/", "/admin/accounts/user/add/"):
        assert page in opened
    # Every list, and from each list a row with its history.
    assert len([path for path in opened if path.endswith("/change/")]) > 25
    assert len([path for path in opened if path.endswith("/history/")]) > 25
    assert any(path.endswith("/delete/") for path in opened)
