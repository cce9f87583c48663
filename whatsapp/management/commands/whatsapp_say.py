"""`manage.py whatsapp_say +94771234567 "Hello"`: write to Patter as a customer would."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.files.kinds import Family, kind_of
from core.phones import InvalidPhone, normalize
from whatsapp.business_numbers import own_phone_number_id
from whatsapp.sandbox import contents
from whatsapp.sandbox.webhook_bodies import as_body, said
from whatsapp.webhook.signature import secrets, sign


class Command(BaseCommand):
    help = "Send a WhatsApp message to a running Patter as a customer would, through the signed webhook."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="the customer's phone, for example +94771234567")
        parser.add_argument("text", nargs="?", default="", help="what the customer writes; with --image, the caption")
        parser.add_argument("--image", type=Path, help="a picture that the customer sends (sandbox only)")
        parser.add_argument("--name", default="", help="the customer's WhatsApp name")
        parser.add_argument(
            "--url", default=f"http://127.0.0.1:{settings.PORT}", help="where Patter runs (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            phone = normalize(options["number"])
        except InvalidPhone as error:
            raise CommandError(str(error))
        if not secrets():
            raise CommandError("There is no app secret to sign with. Set WHATSAPP_APP_SECRET to that of the server.")
        image: Path | None = options["image"]
        if image is None and not options["text"]:
            raise CommandError("Give a text, or a picture with --image.")
        content = _picture(image, options["text"]) if image is not None else contents.text(options["text"])
        body = as_body(said(own_phone_number_id(), phone, content, options["name"]))
        status = _post(options["url"], body)
        if status == 401:
            raise CommandError(
                "Patter did not accept the signature: this shell and the server need the same SECRET_KEY "
                "(or WHATSAPP_APP_SECRET)."
            )
        if status != 200:
            raise CommandError(f"Patter answered {status}; its log says why.")
        sent = f"sent {image.name}" if image is not None else f'said "{options["text"]}"'
        self.stdout.write(self.style.SUCCESS(f"{phone} {sent} to Patter."))


def _picture(file: Path, caption: str) -> dict[str, Any]:
    """A picture as a message contains it, stored where the sandbox finds it."""
    kind = kind_of(file.name)
    if not settings.WHATSAPP_SANDBOX:
        raise CommandError("--image works only in the sandbox: a real number gets its pictures from Meta.")
    if not file.is_file() or kind is None or kind.family is not Family.PICTURE:
        raise CommandError(f"{file} is not a picture.")
    with file.open("rb") as opened:
        return contents.media("image", opened, mime_type=kind.mime_type, caption=caption)


def _post(url: str, body: bytes) -> int:
    try:
        response = httpx.post(
            f"{url.rstrip('/')}/api/webhook/",
            content=body,
            headers={"Content-Type": "application/json", "X-Hub-Signature-256": sign(body)},
            timeout=10,
        )
    except httpx.ConnectError:
        raise CommandError(f"Nothing answers at {url}. Start Patter with `make run`, or give its address with --url.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(f"{url} did not answer: {error}")
    return response.status_code
