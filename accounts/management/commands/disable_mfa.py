"""`manage.py disable_mfa USERNAME`: for an admin who has lost both the app and the recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from accounts.actions.mfa import remove_factor
from accounts.models import User


class Command(BaseCommand):
    help = "Turn off the second factor of a login. The password stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="username or email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.named(options["username"]).first()
        if user is None:
            raise CommandError("There is no such login.")
        try:
            remove_factor(user=user, actor=None)
        except ValidationError:
            raise CommandError(f"{user.username} has no second factor.")
        self.stdout.write(f"The second factor of {user.username} is off.")
