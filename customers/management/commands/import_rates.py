"""`manage.py import_rates FILE`: exchange rates from a CSV file with the columns currency, rate and date."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import ValidationError

from customers.actions.rates import import_rates


class Command(BaseCommand):
    help = "Import exchange rates: what one unit of a currency is worth in BASE_CURRENCY, from a date on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a CSV file in UTF-8 with the columns currency, rate and date")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open(options["file"], encoding="utf-8-sig", newline="") as lines:
                count = import_rates(lines, actor=None)
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.")
        except UnicodeDecodeError:
            raise CommandError(f"{options['file']} is not in UTF-8.")
        except ValidationError as error:
            found: Any = error.detail
            raise CommandError("\n".join(str(text) for text in found["file"]))
        self.stdout.write(f"{count} {'rate' if count == 1 else 'rates'} imported.")
