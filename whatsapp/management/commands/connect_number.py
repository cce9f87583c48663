"""`manage.py connect_number`: from a token to a number that sends and receives, each step checked with Meta."""

import getpass
import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.env_file import changed, values_in, write
from whatsapp.doctor.findings import BROKEN, OK
from whatsapp.doctor.meta import of_token
from whatsapp.doctor.reach import PATH, verification
from whatsapp.graph.questions import Graph, GraphSays, Token

NEXT = """
Written to {file}. Now:
  1. Restart Patter, so that it reads the new settings.
  2. manage.py connect_number --webhook    tells Meta where to post, and checks that it arrives.
  3. manage.py doctor                      looks at everything.
"""


class Command(BaseCommand):
    help = "Connect a WhatsApp number: token, app secret, account, number and webhook, each checked with Meta."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--token", help="the access token; it is asked for if it is not given, as all of these are")
        parser.add_argument("--app-secret", help="from App settings > Basic")
        parser.add_argument("--account", help="Meta's id of the WhatsApp Business Account")
        parser.add_argument("--number", help="Meta's id of the phone number")
        parser.add_argument("--public-url", help="where Meta reaches Patter, such as https://desk.example.com")
        parser.add_argument("--verify-token", help="hard to guess (default: the one there is, or a new one)")
        parser.add_argument("--env-file", type=Path, default=settings.ENV_FILE, help="default: %(default)s")
        parser.add_argument("--no-input", action="store_true", help="ask nothing; what is missing is an error")
        parser.add_argument("--overwrite", action="store_true", help="replace settings without asking")
        parser.add_argument("--webhook", action="store_true", help="tell Meta where to post, with the settings of now")

    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        try:
            if options["webhook"]:
                self._set_webhook()
            else:
                self._connect()
        except GraphSays as error:
            raise CommandError(str(error))
        except (EOFError, KeyboardInterrupt):
            raise CommandError("Nothing was written.")

    def _connect(self) -> None:
        file: Path = self.options["env_file"]
        text = self._text_of(file)
        raw, token = self._token()
        with Graph(raw) as graph:
            secret = self._secret(graph, token)
            account = self._account(graph, token)
            number = self._number(graph, account)
            url = self._public_url()
            values = {
                "WHATSAPP_ACCESS_TOKEN": raw,
                "WHATSAPP_APP_SECRET": secret,
                "WHATSAPP_BUSINESS_ACCOUNT_ID": account,
                "WHATSAPP_PHONE_NUMBER_ID": number,
                "WHATSAPP_VERIFY_TOKEN": self._verify_token(text),
                **({"PUBLIC_URL": url} if url else {}),
            }
            self._may_replace(text, values)
            graph.subscribe(account)
            self._good("the app is told what happens in the account")
        try:
            write(file, changed(text, values))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be written: {error}")
        self.stdout.write(NEXT.format(file=file))

    # --- the steps ---

    def _text_of(self, file: Path) -> str:
        """Return what is in the file. Ends before anything is asked if it cannot be read or replaced."""
        folder = file.resolve().parent
        if not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.R_OK)):
            raise CommandError(
                f"{file} cannot be replaced by this user: that takes the right to write in {folder}. Run this command "
                "as the owner of that folder, or with sudo; the file keeps its owner. Nothing was asked of Meta."
            )
        return file.read_text() if file.exists() else ""

    def _token(self) -> tuple[str, Token]:
        while True:
            raw = self._answer("token", "Access token (a system user's does not end)", hidden=True)
            with Graph(raw) as graph:
                try:
                    token = graph.token()
                except GraphSays as error:
                    if error.code is None:
                        raise
                    self._again("token", str(error))
                    continue
            finding = of_token(token)
            if finding.state != BROKEN:
                self._good(f"token: {finding.text} {finding.todo}".rstrip())
                return raw, token
            self._again("token", f"{finding.text} {finding.todo}")

    def _secret(self, graph: Graph, token: Token) -> str:
        while True:
            secret = self._answer("app_secret", "App secret (App settings > Basic)", hidden=True)
            if graph.knows_secret(token.app_id, secret):
                self._good(f"app secret: it is that of app {token.app_id}")
                return secret
            self._again("app_secret", f"It is not that of app {token.app_id}, to which the token belongs.")

    def _account(self, graph: Graph, token: Token) -> str:
        known = token.account_ids[0] if len(token.account_ids) == 1 else ""
        while True:
            account = self._answer("account", "WhatsApp Business Account id", default=known)
            try:
                found = graph.numbers(account)
            except GraphSays as error:
                if error.code is None:
                    raise
                self._again("account", str(error))
                known = ""
                continue
            self._good(f"account: it has {len(found)} number{'' if len(found) == 1 else 's'}")
            return account

    def _number(self, graph: Graph, account: str) -> str:
        found = {str(one.get("id")): one for one in graph.numbers(account)}
        for key, one in found.items():
            self.stdout.write(f"  {key}  {one.get('display_phone_number')}  {one.get('verified_name') or ''}")
        known = next(iter(found)) if len(found) == 1 else ""
        while True:
            number = self._answer("number", "Phone number id", default=known)
            if number in found:
                said = graph.number(number)
                self._good(f"number: {said.get('display_phone_number')} ({said.get('status') or 'CONNECTED'})")
                return number
            self._again("number", f"{number} is not a number of account {account}.")

    def _public_url(self) -> str:
        while True:
            url = self._answer("public_url", "Where Meta reaches Patter", default=settings.PUBLIC_URL, optional=True)
            url = url.rstrip("/")
            address = urlsplit(url)
            if not url or (address.scheme == "https" and address.hostname and not address.path):
                return url
            self._again("public_url", "It must be like https://desk.example.com.")

    def _verify_token(self, text: str) -> str:
        given: str = self.options["verify_token"] or ""
        return given or values_in(text).get("WHATSAPP_VERIFY_TOKEN") or secrets.token_urlsafe(24)

    def _may_replace(self, text: str, values: dict[str, str]) -> None:
        """Ask before a setting that is there becomes another one."""
        before = values_in(text)
        replaced = [name for name, value in values.items() if before.get(name) not in (None, "", value)]
        if not replaced or self.options["overwrite"]:
            return
        names = ", ".join(replaced)
        if self.options["no_input"]:
            raise CommandError(f"{names} would be replaced. Say --overwrite if that is right. Nothing was written.")
        if input(f"Replace {names}? [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was written.")

    def _set_webhook(self) -> None:
        """Tell Meta where to post, once Patter answers there."""
        if settings.WHATSAPP_SANDBOX or not settings.PUBLIC_URL:
            raise CommandError("Set WHATSAPP_ACCESS_TOKEN and PUBLIC_URL first: manage.py connect_number does it.")
        answers = verification()
        if answers.state != OK:
            raise CommandError(f"Meta would be refused: {answers.text} {answers.todo}")
        secret = settings.WHATSAPP_APP_SECRETS[0]
        url = f"{settings.PUBLIC_URL}{PATH}"
        with Graph(settings.WHATSAPP_ACCESS_TOKEN) as graph:
            app_id = graph.token().app_id
            graph.set_callback(app_id, secret, url=url, verify_token=settings.WHATSAPP_VERIFY_TOKEN)
        self._good(f"webhook: Meta posts to {url}")

    # --- talking ---

    def _answer(
        self, name: str, question: str, *, default: str = "", hidden: bool = False, optional: bool = False
    ) -> str:
        """Return the option, or what is typed. Options that were refused are taken out, so that they are asked for."""
        if given := self.options[name]:
            return str(given).strip()
        if self.options["no_input"]:
            if default or optional:
                return default
            raise CommandError(f"--{name.replace('_', '-')} is missing.")
        shown = f"{question}{f' [{default}]' if default else ''}: "
        while True:
            typed = (getpass.getpass(shown) if hidden else input(shown)).strip() or default
            if typed or optional:
                return typed

    def _again(self, name: str, why: str) -> None:
        """Ask once more, or end if nothing may be asked."""
        if self.options["no_input"]:
            raise CommandError(why)
        self.options[name] = None
        self.stdout.write(self.style.ERROR(f"  {why}"))

    def _good(self, text: str) -> None:
        self.stdout.write(self.style.SUCCESS(f"  ok  {text}"))
