"""The units in deploy/systemd: systemd takes them, and they start what is there."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.harness import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


def read(unit: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(unit)
    return parsed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_them(tmp_path: Path) -> None:
    for unit in UNITS:
        # Where this Patter is, and as whom the tests run: systemd looks for both.
        text = unit.read_text().replace("/srv/patter/.venv/bin", str(Path(sys.executable).parent))
        text = text.replace("/srv/patter", str(ROOT)).replace("User=patter", "User=root")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    said = [line for line in done.stderr.splitlines() if "patter-" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_services_stop_as_long_as_what_they_stop_takes() -> None:
    web, relay = read(ROOT / "deploy/systemd/patter-web.service"), read(ROOT / "deploy/systemd/patter-relay.service")
    graceful = re.search(r"--timeout-graceful-shutdown (\d+)", web["Service"]["ExecStart"])

    assert graceful is not None
    assert int(web["Service"]["TimeoutStopSec"]) > int(graceful[1])
    stop_seconds = re.search(
        r"^STOP_SECONDS = (\d+)", (ROOT / "messaging/management/commands/relay.py").read_text(), re.M
    )
    assert stop_seconds is not None
    assert int(relay["Service"]["TimeoutStopSec"]) > int(stop_seconds[1])


def test_only_the_documented_folder_is_written() -> None:
    for unit in UNITS:
        if unit.suffix == ".service":
            service = read(unit)["Service"]
            assert (service["ProtectSystem"], service["ReadWritePaths"]) == ("strict", "/srv/patter/var")
            assert service["WorkingDirectory"] == "/srv/patter"
