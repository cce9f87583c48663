"""The customer list on the one, empty database of DATABASE_URL. Started by `python -m benchmarks.customers`."""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models need the set-up
from django.db import connection  # noqa: E402
from django.db.models import Count, Value  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from accounts.models import User  # noqa: E402
from benchmarks import report  # noqa: E402
from benchmarks.many_customers import fill  # noqa: E402
from customers.filters import CustomerFilter  # noqa: E402
from customers.models import Customer  # noqa: E402

CUSTOMER_ORDERINGS = tuple(CustomerFilter.base_filters["ordering"].orders)
MAX_MS = 50.0
# Of a search by index among all customers, over the same among a thousand.
MAX_GROWTH = 1.5
ROUNDS = 5
PAGE = 20

# The words of `?ordering=`.
ORDERINGS = tuple(CustomerFilter.base_filters["ordering"].orders)

COMBINATIONS = [
    {},
    {"is_active": "true", "is_verified": "true", "phone_verified": "false"},
    {"is_vip": "true", "min_spent": "5000"},
    {"loyalty_tier": "gold", "accepts_marketing_email": "true"},
    {"joined_after": "2025-10-01", "joined_before": "2025-11-01"},
    {"is_active": "false", "min_orders": "1", "max_orders": "3"},
    {"preferred_language": "si", "preferred_currency": "LKR", "gender": "female"},
    {"last_order_after": "2025-06-01", "last_order_before": "2025-07-01", "max_spent": "100"},
    {"accepts_marketing_sms": "true", "loyalty_tier": "platinum", "is_vip": "true", "min_orders": "10"},
    *({"ordering": f"{sign}{name}"} for name in ORDERINGS for sign in ("", "-")),
    {"loyalty_tier": "gold", "ordering": "-total_spent"},
]
# What somebody types who looks for this customer.
SEARCHES: dict[str, Callable[[Customer], str]] = {
    "part of a name": lambda customer: customer.last_name[1:],
    "part of a phone": lambda customer: str(customer.phone)[-7:],
    "a phone as written at home": lambda customer: f"0{str(customer.phone)[3:]}",
    "part of an email": lambda customer: str(customer.email)[2:].partition("@")[0],
    "customer id": lambda customer: customer.customer_id,
}
LOOKED_FOR = 15
# Filters drawn at random, several at once: what a team asks for is nobody's to foresee.
DRAWN = 200
CHOICES = {
    "is_active": ["true", "false"],
    "is_verified": ["true", "false"],
    "is_vip": ["true", "false"],
    "phone_verified": ["true", "false"],
    "accepts_marketing_email": ["true", "false"],
    "accepts_marketing_sms": ["true", "false"],
    "loyalty_tier": ["bronze", "silver", "gold", "platinum"],
    "gender": ["male", "female", "other"],
    "preferred_language": ["en", "si", "ta"],
    "preferred_currency": ["USD", "LKR"],
    "min_spent": ["100", "5000", "11000"],
    "max_spent": ["100", "5000", "11000"],
    "min_orders": ["1", "10", "35"],
    "max_orders": ["1", "10", "35"],
    "joined_after": ["2024-01-01", "2025-10-01"],
    "joined_before": ["2024-01-01", "2025-10-01"],
    "last_order_after": ["2025-01-01", "2025-12-01"],
    "last_order_before": ["2025-01-01", "2025-12-01"],
}


def executed(queryset: Any) -> tuple[float, str]:
    """The best time at the database of some rounds, in ms, and how it was found."""
    plans = [json.loads(queryset.explain(analyze=True, format="json"))[0] for _ in range(ROUNDS)]
    best = min(plans, key=lambda plan: plan["Execution Time"])
    return best["Execution Time"], " > ".join(_nodes(best["Plan"]))


def _nodes(plan: dict[str, Any]) -> list[str]:
    name = plan["Node Type"] + (f" {plan['Index Name']}" if "Index Name" in plan else "")
    return [name, *(node for child in plan.get("Plans", [])[:1] for node in _nodes(child))]


def listed(params: dict[str, str]) -> Any:
    return CustomerFilter(params, Customer.objects.select_related("owner").order_by("-pk")).qs


def counted(params: dict[str, str]) -> Any:
    """The count, as a queryset that EXPLAIN can look at."""
    return CustomerFilter(params, Customer.objects.all()).qs.order_by().values(one=Value(1)).annotate(n=Count("pk"))


def lists() -> bool:
    rows, good = [], True
    for params in COMBINATIONS:
        page, plan = executed(listed(params)[:PAGE])
        count, _ = executed(counted(params))
        good = good and page + count <= MAX_MS
        rows.append(
            [" ".join(f"{k}={v}" for k, v in params.items()) or "everybody", f"{page:.1f}", f"{count:.1f}", plan]
        )
    report.table(["filters", "page ms", "count ms", "plan of the page"], rows)
    return good


def drawn() -> bool:
    chance = random.Random(1)
    times = []
    for _ in range(DRAWN):
        names = chance.sample(sorted(CHOICES), chance.randint(2, 6))
        params = {name: chance.choice(CHOICES[name]) for name in names}
        ordering = chance.choice([{}, {"ordering": chance.choice(ORDERINGS)}])
        total = executed(counted(params))[0]
        if listed(params).exists():  # the paginator counts first, and asks for no page of nobody
            total += executed(listed({**params, **ordering})[:PAGE])[0]
        times.append((total, " ".join(f"{k}={v}" for k, v in {**params, **ordering}.items())))
    times.sort()
    print(f"{DRAWN} drawn combinations of 2 to 6 filters, page and count: p50 {times[DRAWN // 2][0]:.1f} ms.")
    print("The slowest:\n")
    report.table(["filters", "ms"], [[filters, f"{ms:.1f}"] for ms, filters in times[:-4:-1]])
    return times[-1][0] <= MAX_MS


@dataclass(frozen=True)
class Search:
    """The median customer's: ms at the database and its plan, ms of the whole request."""

    database: float
    plan: str
    request: float


def searches(count: int) -> dict[str, Search]:
    admin = User.objects.filter(username="bench").first() or User.objects.create_superuser(
        "bench", "bench@example.com", "-"
    )
    client = APIClient(SERVER_NAME="localhost")
    client.force_authenticate(admin)
    customers = [Customer.objects.order_by("pk")[count * n // LOOKED_FOR] for n in range(1, LOOKED_FOR)]
    found = {}
    for name, typed in SEARCHES.items():
        times = sorted(executed(listed({"search": typed(customer)})[:PAGE]) for customer in customers)
        requests = [_request(client, typed(customer), customer.pk) for customer in customers for _ in range(ROUNDS)]
        found[name] = Search(*times[len(times) // 2], statistics.median(requests))
    return found


def _request(client: APIClient, typed: str, pk: int) -> float:
    begin = time.perf_counter()
    response = client.get("/api/customers/customers/", {"search": typed})
    took = (time.perf_counter() - begin) * 1000
    if pk not in [row["id"] for row in response.json()["results"]]:
        raise SystemExit(f"{typed!r} did not find customer {pk}")
    return took


def main(customers: int) -> int:
    call_command("migrate", verbosity=0)
    print(f"## Customers, {connection.display_name}, N = {customers:,}\n\n{report.machine()}.\n", flush=True)
    fill(1_000)
    few = searches(1_000)
    fill(customers)
    many = searches(customers)
    report.table(
        ["search", "request ms of 1,000", f"of {customers:,}", "database ms of 1,000", f"of {customers:,}", "plan"],
        [
            [
                name,
                f"{few[name].request:.1f}",
                f"{many[name].request:.1f}",
                f"{few[name].database:.2f}",
                f"{many[name].database:.2f}",
                many[name].plan,
            ]
            for name in SEARCHES
        ],
    )
    grown = [name for name in SEARCHES if many[name].request > MAX_GROWTH * few[name].request]
    fast = [lists(), drawn()] == [True, True]
    print(f"Searches that grow: {', '.join(grown) or 'none'}. Every list within {MAX_MS:.0f} ms: {fast}.")
    return 0 if fast and not grown else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
