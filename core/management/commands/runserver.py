"""`manage.py runserver [[address:]port]`: runs the same application as in production, and reloads it."""

from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run Patter with uvicorn and reload it when the code changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("addrport", nargs="?", default=f"127.0.0.1:{settings.PORT}", help="[address:]port")
        parser.add_argument("--noreload", action="store_true", help="do not reload when the code changes")

    def handle(self, *args: Any, **options: Any) -> None:
        address, _, port = options["addrport"].rpartition(":")
        if not port.isdigit():
            raise CommandError(f"{options['addrport']!r} is not a valid [address:]port.")
        uvicorn.run(
            "config.asgi:application",
            host=address or "127.0.0.1",
            port=int(port),
            reload=not options["noreload"],
            reload_dirs=[str(settings.BASE_DIR)],
            timeout_graceful_shutdown=1,
            server_header=False,
        )
