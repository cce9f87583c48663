"""Backup and restore of a stack while it works, with the commands that docs/operations/backup.md names."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.graph_double import GraphDouble
from tests.services.harness import ROOT, Stack
from tests.services.meta import Meta
from tests.services.sending import Desk, drain_messages, meet, queue_all

DATA = "/api/message/customer-data/"
PDF = b"%PDF-1.7\n%%EOF\n"


class Operator:
    """Somebody who types what docs/operations/backup.md says, in Patter's folder."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.folder = stack.root / "patter"
        self.folder.mkdir()
        (self.folder / "var").symlink_to(stack.root)
        (self.folder / "manage.py").symlink_to(ROOT / "manage.py")
        (self.folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
        # The keys come from .env, as the document assumes.
        self.keys = self.folder / ".env"
        self.keys.write_text(f"SECRET_KEY={stack.env.pop('SECRET_KEY')}\n")
        stack.env["ENV_FILE"] = str(self.keys)
        self._database = "sqlite" if stack.database.is_sqlite else "postgres"

    def back_up(self) -> None:
        for part in ("keys", self._database, "files"):
            self.type(documented(f"backup: {part}"))

    def restore(self, *, by_hand: bool) -> None:
        self.type("install -m 600 backup/env .env")
        for part in (self._database, "files"):
            self.type(documented(f"restore: {part}"))
        self.type(".venv/bin/python manage.py migrate -v0")
        if by_hand:
            self.type(documented("restore: by hand"))

    def type(self, commands: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", commands],
            cwd=self.folder,
            env={**self.stack.env, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def documented(name: str) -> str:
    """The commands below the comment with this name in docs/operations/backup.md."""
    text = (ROOT / "docs" / "operations" / "backup.md").read_text()
    found = re.search(rf"<!-- {re.escape(name)} -->\n *```bash\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"docs/operations/backup.md has no commands for {name!r}"
    return textwrap.dedent(found[1])


@dataclass(frozen=True)
class Restored:
    """What became of a restore. From `twice` on, 0 is right."""

    messages: int
    sent_before_backup: int
    uncertain: int
    twice: int
    held_back: int
    unreadable_files: int
    not_noted: int

    @property
    def flaws(self) -> int:
        return self.twice + self.held_back + self.unreadable_files + self.not_noted


class Drill:
    """A stack that sends, is backed up meanwhile, loses its database, and goes on with the backup."""

    def __init__(self, stack: Stack, graph: GraphDouble) -> None:
        self.stack, self.graph = stack, graph
        self.operator = Operator(stack)
        server, self.senders = stack.start(relays=2)
        self.processes = list(dict.fromkeys([server, *self.senders]))
        self.desk = Desk(server.url, stack.admin_token)
        self.customers = meet(stack, Meta([server.url]), 6)
        fields = {"customer": str(self.customers[0]), "key": "contract"}
        uploaded = self.desk.call("POST", DATA, data=fields, files={"file": ("contract.pdf", PDF)})
        assert uploaded.status_code == 201, uploaded.text
        self.file = uploaded.json()["id"]

    def run(self, *, messages: int, new_machine: bool) -> Restored:
        """Back up while `messages` are being sent, let all be sent, restore, and send a few new ones.

        With `new_machine` MEDIA_ROOT is lost as well, so nothing but the documented command can tell.
        """
        self.graph.faults.configure({"rate": 1.0, "random": [{"kind": "slow", "seconds": 0.2}]})
        queue_all(self.desk, self.customers, messages, prefix="files" if new_machine else "database")
        at_backup, before = len(self.graph.accepted), self._uncertain()
        self.operator.back_up()
        drain_messages(self.stack, wait_leases=True)
        self._lose(files=new_machine)
        self.operator.restore(by_hand=new_machine)
        for process in self.processes:
            process.start()
        new = queue_all(self.desk, self.customers, len(self.customers), prefix=f"new{self.graph.requests}-")
        drain_messages(self.stack, wait_leases=True)
        texts = Counter(taken["body"]["text"]["body"] for taken in self.graph.accepted if "text" in taken["body"])
        uncertain = self._uncertain() - before
        return Restored(
            messages=messages,
            sent_before_backup=at_backup,
            uncertain=uncertain,
            twice=sum(1 for times in texts.values() if times > 1),
            held_back=sum(1 for key in new if texts[f"answer {key}"] != 1),
            unreadable_files=int(self._read_file() != PDF),
            not_noted=int(self._noted() != uncertain),
        )

    def _uncertain(self) -> int:
        return int(self.stack.database.value("SELECT count(*) FROM messaging_message WHERE status = 'uncertain'"))

    def _lose(self, *, files: bool) -> None:
        for process in self.processes:
            process.kill()
        self.operator.keys.unlink()
        if files:
            shutil.rmtree(self.stack.env["MEDIA_ROOT"])

    def _read_file(self) -> bytes:
        shown = self.desk.call("GET", f"{DATA}{self.file}/").json()
        return self.desk.call("GET", "/media/" + shown["file_url"].partition("/media/")[2]).content

    def _noted(self) -> int:
        """How many messages /readyz says became uncertain."""
        noted = self.desk.call("GET", "/readyz").json()["checks"]["backup"]["restored"]
        return noted["uncertain"] if noted else 0
