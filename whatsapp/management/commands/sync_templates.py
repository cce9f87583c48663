from typing import Any

from django.core.management.base import BaseCommand, CommandError

from whatsapp.message_templates import SyncFailed, accounts, sync


class Command(BaseCommand):
    help = "Fetch the message templates of every WhatsApp Business Account from Meta."

    def handle(self, *args: Any, **options: Any) -> None:
        found = accounts()
        if not found:
            raise CommandError(
                "There is no account to fetch from. Set WHATSAPP_BUSINESS_ACCOUNT_ID, or give a number its account in "
                "Django admin."
            )
        failed = []
        for access in found:
            try:
                self.stdout.write(f"Account {access.waba_id}, templates fetched: {sync(access)}")
            except SyncFailed as error:
                failed.append(str(error))
        if failed:
            raise CommandError("\n".join(failed))
