"""`manage.py fold`: writes anew what is searched of rows that somebody else has written. A relay does so once a day."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.chores import ChoreIsRunning, by_hand, fold


class Command(BaseCommand):
    help = "Fold what is searched of rows that were written by another version of Patter or with SQL."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with by_hand("fold", self.stdout.write) as run:
                fold(run)
        except ChoreIsRunning as error:
            raise CommandError(str(error))
