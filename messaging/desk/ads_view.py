"""`/api/reports/ads/`: what each advertisement brought."""

from typing import Annotated, Any, TypedDict

from django.db.models import Count, F, Max
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsAdmin
from core.db.amounts import AmountSum
from core.db.reports import may_be_old
from core.documentation import documented
from core.periods import Period, period_in, period_parameters
from core.shapes import Money, Time
from core.timestamps import iso
from customers.ads import touched_in
from customers.models import Customer, Order
from customers.models.touches import Touch, TouchedAt, ad_of
from customers.money import ZERO, base_currency, money
from messaging.models import Direction, Message


class AdRow(TypedDict):
    """What an advertisement brought: those who first came by it, and what they did since."""

    source_id: Annotated[str | None, "Meta's id of the advertisement; null: those for which Meta named none"]
    source_type: Annotated[str, "ad or post"]
    source_url: Annotated[str, "where it stands; empty if Meta did not say"]
    headline: Annotated[str, "its headline"]
    customers: Annotated[int, "those whose first advertisement it is"]
    messages: Annotated[int, "what they wrote since"]
    orders: Annotated[int, "what they ordered since; cancelled and refunded orders do not count"]
    spent: Annotated[Money, "what these orders come to, in base currency"]


# The report's own field names, two of which no class can have.
AdReport = TypedDict(
    "AdReport",
    {
        "from": Annotated[Time | None, "the beginning of the period; null: it has none"],
        "to": Annotated[Time | None, "its end, which is left out; null: it has none"],
        "currency": Annotated[str, "the base currency"],
        "rows": Annotated[list[AdRow], "those that brought most customers first"],
    },
)
AdReport.__doc__ = """What the advertisements of a period brought."""

_SAID = ("source_type", "source_url", "headline")


class AdsView(APIView):
    """What each advertisement brought."""

    permission_classes = [IsAdmin]

    @documented(manual_parameters=period_parameters(), responses={200: AdReport})
    def get(self, request: Request) -> Response:
        """Report what each advertisement brought.

        Counts customers whose first advertisement was tapped in the period, and what they wrote and ordered since.
        """
        period = period_in(request)
        return Response(
            {
                "from": iso(period.begin),
                "to": iso(period.end),
                "currency": base_currency(),
                "rows": ad_rows(period),
            }
        )


def ad_rows(period: Period) -> list[AdRow]:
    """The rows of the report, in three statements. They may be a moment old."""
    said = {name: Max(Touch("referral_first", said=name)) for name in _SAID}
    customers = _by_ad(Customer.objects.all(), period).annotate(count=Count("pk"), **said).order_by("-count", "ad")
    written = Message.objects.filter(direction=Direction.INBOUND, created_at__gte=_since()).exclude(type="system")
    messages = _by_ad(written, period, to="customer").annotate(count=Count("pk"))
    ordered = Order.objects.counted().filter(placed_at__gte=_since())
    orders = _by_ad(ordered, period, to="customer").annotate(count=Count("pk"), spent=AmountSum("base_total"))
    wrote = {row["ad"]: row["count"] for row in messages}
    bought = {row["ad"]: row for row in orders}
    return [
        AdRow(
            source_id=row["ad"],
            source_type=row["source_type"] or "",
            source_url=row["source_url"] or "",
            headline=row["headline"] or "",
            customers=row["count"],
            messages=wrote.get(row["ad"], 0),
            orders=bought[row["ad"]]["count"] if row["ad"] in bought else 0,
            spent=money(bought[row["ad"]]["spent"] if row["ad"] in bought else ZERO),
        )
        for row in customers
    ]


def _since() -> TouchedAt:
    return TouchedAt(F("customer__referral_first"))


def _by_ad(rows: Any, period: Period, *, to: str = "") -> Any:
    """The rows by the first advertisement of their customer, if that was tapped in the period."""
    first = f"{to}__referral_first" if to else "referral_first"
    found = touched_in(rows, period.begin, period.end, to=to).order_by().annotate(ad=ad_of(first))
    return may_be_old(found).values("ad")
