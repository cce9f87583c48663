"""`manage.py reencrypt [--dry-run]`: encrypt the secrets in the database with the newest of FIELD_ENCRYPTION_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from core.encryption import EncryptedTextField, renewed


class Command(BaseCommand):
    help = (
        "Encrypt stored secrets with the newest key (FIELD_ENCRYPTION_KEYS, or SECRET_KEY), so that older ones can go."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count without changing anything")

    def handle(self, *args: Any, **options: Any) -> None:
        lost = 0
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedTextField):
                    lost += self._renew(model, field.name, dry_run=options["dry_run"])
        if lost:
            raise CommandError(f"{lost} secret(s) cannot be read with any key. Keep the keys.")

    def _renew(self, model: Any, field: str, *, dry_run: bool) -> int:
        """Renew a column row by row, so that it can be called again if it is interrupted. Returns how many are lost."""
        read = moved = lost = 0
        rows = model._base_manager.exclude(**{field: ""}).order_by("pk").values_list("pk", field)
        for pk, token in rows.iterator(chunk_size=500):
            read += 1
            new = renewed(token)
            if new is None:
                lost += 1
                self.stderr.write(f"unreadable: {model._meta.label} {pk}")
            elif new != token:
                # Not if it was written anew meanwhile.
                moved += 1 if dry_run else model._base_manager.filter(pk=pk, **{field: token}).update(**{field: new})
        word = "to move" if dry_run else "moved"
        self.stdout.write(f"{model._meta.label}.{field}: {read} read, {moved} {word}.")
        return lost
