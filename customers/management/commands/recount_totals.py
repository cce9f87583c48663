"""`manage.py recount_totals`: totals and tiers of all customers, counted anew from their orders."""

from typing import Any

from django.core.management.base import BaseCommand

from customers.actions.recount import recount_totals


class Command(BaseCommand):
    help = "Count the totals and tiers of all customers anew from their orders, in BASE_CURRENCY."

    def handle(self, *args: Any, **options: Any) -> None:
        done = recount_totals()
        self.stdout.write(f"{done.changed} of {done.customers} customers changed.")
        if done.priced:
            self.stdout.write(f"{done.priced} orders got an exchange rate.")
        if done.without_rate:
            self.stdout.write(
                f"{done.without_rate} orders in another currency have no exchange rate and count one to one. Import "
                "rates (manage.py import_rates), then run this again."
            )
