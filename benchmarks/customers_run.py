"""The customer list on the one, empty database of DATABASE_URL. Started by `python -m benchmarks.customers`."""

import json
import sys
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models need the set-up
from django.db import connection  # noqa: E402
from django.db.models import Count, Value  # noqa: E402

from benchmarks import report  # noqa: E402
from customers.filters import CUSTOMER_ORDERINGS, CustomerFilter  # noqa: E402
from customers.models import Customer  # noqa: E402

MAX_MS = 50.0
# Of a search by index among all customers, over the same among a thousand.
MAX_GROWTH = 1.5
ROUNDS = 5
PAGE = 20

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
    *({"ordering": f"{sign}{name}"} for name in CUSTOMER_ORDERINGS for sign in ("", "-")),
    {"loyalty_tier": "gold", "ordering": "-total_spent"},
]
SEARCHES = {
    "part of a name": "erera{n}",
    "part of a phone": "77{n:07d}",
    "part of an email": "l{n}@ex",
    "customer id": "CUST{n:06d}",
}


def fill(count: int) -> None:
    """Copy one customer until there are `count`, each a little different."""
    first = Customer.objects.first() or Customer.objects.create(first_name="Nimal")
    own = {
        "last_name": "'Perera' || n",
        "username": "'nimal' || n",
        "email": "'nimal' || n || '@example.com'",
        "phone": "'+9477' || lpad(n::text, 7, '0')",
        "is_active": "n % 10 > 0",
        "is_verified": "n % 3 = 0",
        "is_vip": "n % 20 = 0",
        "phone_verified": "n % 2 = 0",
        "loyalty_tier": "(array['bronze','bronze','bronze','silver','gold','platinum'])[1 + n % 6]",
        "accepts_marketing_email": "n % 2 = 0",
        "accepts_marketing_sms": "n % 5 = 0",
        "total_orders": "n % 40",
        "total_spent": "(n * 7919) % 12000",
        "last_order_date": "CASE WHEN n % 4 > 0 THEN timestamptz '2026-01-01' - (n % 500) * interval '1 day' END",
        "preferred_language": "(array['en','si','ta'])[1 + n % 3]",
        "preferred_currency": "(array['USD','LKR'])[1 + n % 2]",
        "gender": "(array['male','female',''])[1 + n % 3]",
        "date_joined": "timestamptz '2026-01-01' - (n % 900) * interval '1 day'",
    }
    columns = [field.column for field in Customer._meta.concrete_fields if field.name not in ("id", "search_text")]
    values = ", ".join(own.get(column, f"c.{column}") for column in columns)
    table = Customer._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} c, "
            f"generate_series((SELECT count(*) FROM {table}), {count - 1}) n WHERE c.id = {first.pk}"
        )
        cursor.execute(f"VACUUM ANALYZE {table}")


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
    _table(["filters", "page ms", "count ms", "plan of the page"], rows)
    return good


def searches(count: int) -> dict[str, tuple[float, str]]:
    found = {}
    for name, term in SEARCHES.items():
        number = count * 2 // 3
        found[name] = executed(listed({"search": term.format(n=number)})[:PAGE])
    return found


def _table(head: list[str], rows: list[list[str]]) -> None:
    for row in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def main(customers: int) -> int:
    call_command("migrate", verbosity=0)
    print(f"## Customers, {connection.display_name}, N = {customers:,}\n\n{report.machine()}.\n", flush=True)
    fill(1_000)
    few = searches(1_000)
    fill(customers)
    many = searches(customers)
    _table(
        ["search", "ms of 1,000", f"ms of {customers:,}", "plan"],
        [[name, f"{few[name][0]:.2f}", f"{many[name][0]:.2f}", many[name][1]] for name in SEARCHES],
    )
    grown = [name for name in SEARCHES if many[name][0] > max(MAX_GROWTH * few[name][0], 1.0)]
    fast = lists()
    print(f"Searches that grow: {', '.join(grown) or 'none'}. Every list within {MAX_MS:.0f} ms: {fast}.")
    return 0 if fast and not grown else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
