"""Customers by the hundred thousand, made in the database itself: PostgreSQL copies one, and changes each copy."""

from django.db import connection

from customers.models import Customer

SYLLABLES = "ka ri mo ne shan pe ra lu di ya ku ma ha ni thi ro ba sun wee ja gu la vi do ree sa mi na to fer"


def number(salt: str) -> str:
    """SQL of a number that row `n` alone decides, scattered evenly."""
    return f"(('x' || substr(md5('{salt}' || n), 1, 7))::bit(28)::int)"


def one_of(salt: str, values: list[str]) -> str:
    """SQL of one of these values."""
    return f"(array{values!r})[1 + {number(salt)} % {len(values)}]"


def word(salt: str, length: int) -> str:
    """SQL of a name of `length` syllables: as in life, most names are rare and most of their parts are not."""
    return " || ".join(one_of(f"{salt}{i}", SYLLABLES.split()) for i in range(length))


def fill(count: int, **own: str) -> None:
    """Copy one customer until there are `count`, each with names, numbers and habits of their own.

    `own` is SQL of further columns. In all of it `n` is the number of the row, from 1 to count - 1.
    """
    first = Customer.objects.first() or Customer.objects.create(first_name="Nimal")
    own = _HABITS | own
    searched = [own.get(name, f"c.{name}") for name in ("first_name", "last_name", "username", "email", "phone")]
    own["folded"] = f"lower(concat_ws(' ', {', '.join(searched)}))"
    columns = [field.column for field in Customer._meta.concrete_fields if field.name != "id"]
    values = ", ".join(own.get(column, f"c.{column}") for column in columns)
    table = Customer._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} c, "
            f"generate_series((SELECT count(*) FROM {table}), {count - 1}) n WHERE c.id = {first.pk}"
        )
        cursor.execute(f"VACUUM ANALYZE {table}")


# Each drawn by itself: columns that hang together are what PostgreSQL's statistics cannot know of.
_HABITS = {
    "first_name": f"initcap({word('first', 2)})",
    "last_name": f"initcap({word('last', 4)})",
    "username": f"{word('first', 2)} || n",
    "email": f"{word('last', 4)} || '.' || n || '@example.com'",
    "phone": "'+947' || lpad((n::bigint * 61803399 % 100000000)::text, 8, '0')",
    "is_active": f"{number('active')} % 10 > 0",
    "is_verified": f"{number('verified')} % 3 = 0",
    "is_vip": f"{number('vip')} % 20 = 0",
    "phone_verified": f"{number('proved')} % 2 = 0",
    "loyalty_tier": one_of("tier", ["bronze", "bronze", "bronze", "silver", "gold", "platinum"]),
    "accepts_marketing_email": f"{number('by_email')} % 2 = 0",
    "accepts_marketing_sms": f"{number('by_sms')} % 5 = 0",
    "total_orders": f"{number('orders')} % 40",
    "total_spent": f"{number('spent')} % 12000",
    "last_order_date": f"CASE WHEN {number('ordered')} % 4 > 0 "
    f"THEN timestamptz '2026-01-01' - ({number('last')} % 500) * interval '1 day' END",
    "preferred_language": one_of("language", ["en", "si", "ta"]),
    "preferred_currency": one_of("currency", ["USD", "LKR"]),
    "gender": one_of("gender", ["male", "female", ""]),
    "date_joined": f"timestamptz '2026-01-01' - ({number('joined')} % 900) * interval '1 day'",
}
