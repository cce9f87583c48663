"""The console's scripts are checked strictly, against types that are made from /swagger.json."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.services.harness import ROOT, Start
from tests.services.test_browser import BROWSER, chromium

CHECK = BROWSER / "console"


def test_scripts_fit_the_schema(start: Start, tmp_path: Path) -> None:
    chromium()  # fails when the packages are missing
    folder = tmp_path / "types"
    shutil.copytree(ROOT / "console" / "static" / "console", folder / "console")
    shutil.copy(CHECK / "tsconfig.json", folder)
    os.symlink(BROWSER / "node_modules", folder / "node_modules")
    for command in (
        ["node", str(CHECK / "types.mjs"), start().url, str(folder / "console")],
        ["node", "node_modules/typescript/bin/tsc", "--project", "."],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
