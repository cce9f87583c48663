"""What belongs to the customers of a growing desk: contacts, addresses, orders, notes, logins, and the audit trail.

Statements of PostgreSQL for the customers from `first + from` on. In each of them `n` is the customer's number.
"""

from collections.abc import Iterator

from accounts.models import AuditEntry, User
from benchmarks import many_customers
from benchmarks.many_customers import number
from contacts.models import Contact
from customer_data.models import CustomerData
from customers.models import Address, Assignment, Customer, LoyaltyEntry, Order
from messaging.models import Closing
from whatsapp.models import Identity, Template

# How many templates of one account, and how many entries of the audit trail there are for each customer.
TEMPLATES = 300
ACTS = 3
CITIES = ["Colombo", "Kandy", "Galle", "Jaffna", "Negombo", "Matara", "Kurunegala", "Trincomalee"]
COUNTRIES = ["Sri Lanka", "Sri Lanka", "Sri Lanka", "India", "Maldives"]
VERBS = ["customer_updated", "customer_updated", "customer_opened", "signed_in", "file_opened", "tag_added"]
ADS = 40

_CUSTOMER = Customer._meta.db_table
# The customers that are new, and what each of them is called.
_NEW = f"{_CUSTOMER} c, LATERAL (SELECT c.id AS n OFFSET 0) numbered"
_SINCE = "c.id >= %(first)s + %(from)s"
_AT = f"(timestamptz '2026-01-01' - ({number('at')} %% 40000000) * interval '1 second')"


def one_of(salt: str, values: list[str]) -> str:
    """SQL of one of these values, in a statement that takes parameters."""
    return many_customers.one_of(salt, values).replace("%", "%%")


def word(salt: str, length: int) -> str:
    """SQL of a name of `length` syllables, in such a statement."""
    return many_customers.word(salt, length).replace("%", "%%")


def _phone(salt: str) -> str:
    return f"'+94' || lpad(({number(salt)} %% 1000000000)::text, 9, '0')"


def belongings() -> Iterator[str]:
    """The statements. They take what `grow` of growth_data.py gives them."""
    yield from _reached_by()
    yield from _bought()
    yield from _desk_knows()
    yield from _done()


def _reached_by() -> Iterator[str]:
    email = f"{word('mail', 4)} || n || '@contacts.example'"
    for second, share in ((False, "TRUE"), (True, "c.id %% 10 = 4")):
        yield f"""
            INSERT INTO {Contact._meta.db_table} (customer_id, email, wa_number, tp_number, is_primary, is_active,
                is_confirmed, added_by_customer, created_at, updated_at, folded)
            SELECT id, email, wa, tp, {"FALSE" if second else "n %% 3 > 0"}, n %% 20 > 0, n %% 25 > 0, n %% 25 = 0,
                {_AT}, {_AT}, lower(email)
            FROM (SELECT c.id, n, {email} || '{".lk" if second else ""}' AS email, {_phone(f"wa{second}")} AS wa,
                {_phone(f"tp{second}")} AS tp FROM {_NEW} WHERE {_SINCE} AND {share} ORDER BY c.id) made"""
    for kind, share in (("shipping", "TRUE"), ("billing", "c.id %% 2 = 0")):
        yield f"""
            INSERT INTO {Address._meta.db_table} (customer_id, address_type, first_name, last_name, company, phone,
                address_line1, address_line2, city, state, postal_code, country, is_default, created_at, updated_at,
                folded, city_folded, state_folded, country_folded)
            SELECT id, '{kind}', first_name, last_name, '', phone, line, '', city, '', '', country,
                n %% 5 > 0, {_AT}, {_AT},
                lower(concat_ws(' ', first_name, last_name, phone, line, city, country)),
                lower(city), '', lower(country)
            FROM (SELECT c.id, n, c.first_name, c.last_name, c.phone, n || ' ' || {word(kind, 3)} || ' road' AS line,
                {one_of(f"city {kind}", CITIES)} AS city, {one_of(f"country {kind}", COUNTRIES)} AS country
                FROM {_NEW} WHERE {_SINCE} AND {share} ORDER BY c.id) made"""
    yield f"""
        INSERT INTO {Identity._meta.db_table} (customer_id, business_number_id, wa_id, profile_name, username,
            created_at, folded)
        SELECT c.id, %(number)s, '94' || lpad(c.id::text, 9, '0'), c.first_name, '', c.date_joined,
            lower(c.first_name)
        FROM {_CUSTOMER} c WHERE {_SINCE} ORDER BY c.id"""


def _bought() -> Iterator[str]:
    for i in range(2):
        yield f"""
            INSERT INTO {LoyaltyEntry._meta.db_table} (customer_id, points, points_after, tier_before, tier_after,
                reason, created_at, folded)
            SELECT c.id, 10, 10, 'bronze', 'bronze', 'order {i}', {_AT}, 'order {i}' FROM {_NEW} WHERE {_SINCE}"""
        yield f"""
            INSERT INTO {Order._meta.db_table} (customer_id, number, status, total, currency, placed_at, lines,
                created_at, updated_at, exchange_rate, base_total)
            SELECT c.id, c.id || '-{i}', {one_of(f"order {i}", ["delivered", "delivered", "shipped", "cancelled"])},
                100, 'USD', {_AT}, '[]', {_AT}, {_AT}, 1, 100 FROM {_NEW} WHERE {_SINCE}"""


def _desk_knows() -> Iterator[str]:
    yield f"""
        INSERT INTO {Assignment._meta.db_table} (customer_id, salesperson_id, note, assigned_at, ended_at, folded)
        SELECT c.id, (%(sellers)s::bigint[])[1 + n %% array_length(%(sellers)s::bigint[], 1)], '',
            c.date_joined - interval '20 days', c.date_joined - interval '1 day', ''
        FROM {_NEW} WHERE {_SINCE} AND c.id %% 2 = 1 ORDER BY c.id"""
    yield f"UPDATE {Assignment._meta.db_table} SET folded = '' WHERE folded IS NULL"
    yield f"""
        INSERT INTO {CustomerData._meta.db_table} (user_id, customer_id, key, value, file, file_name, created_at,
            updated_at, folded)
        SELECT c.owner_id, c.id, key, value, '', '', {_AT}, {_AT}, key || ' ' || value
        FROM (SELECT c.*, n, {one_of("key", ["size", "birthday", "colour", "likes"])} AS key,
            {word("value", 4)} AS value FROM {_NEW}) c
        WHERE {_SINCE} AND c.owner_id IS NOT NULL AND c.id %% 10 = 7"""
    yield f"""
        INSERT INTO {Closing._meta.db_table} (customer_id, at)
        SELECT c.id, c.desk_at - interval '1 hour' FROM {_CUSTOMER} c WHERE {_SINCE} AND c.desk_at > '2000-01-01'"""
    yield f"""
        UPDATE {_CUSTOMER} t SET referral_first = jsonb_build_object('source_id', 'ad' || n %% {ADS},
            'source_type', 'ad', 'headline', 'Ad ' || n %% {ADS}, 'at',
            to_char(c.date_joined, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        FROM {_NEW} WHERE c.id = t.id AND {_SINCE} AND c.id %% 20 = 5"""
    yield f"""
        INSERT INTO {User._meta.db_table} (password, username, email, first_name, last_name, role, is_active,
            date_joined, folded, username_key, email_key)
        SELECT '', name, email, first_name, last_name, 'customer', TRUE, date_joined,
            lower(concat_ws(' ', name, email, first_name, last_name)), lower(name), lower(email)
        FROM (SELECT c.*, 'login' || c.id AS name FROM {_CUSTOMER} c) c WHERE {_SINCE} AND c.id %% 10 = 3"""
    yield f"""
        UPDATE {_CUSTOMER} c SET user_id = u.id FROM {User._meta.db_table} u
        WHERE u.role = 'customer' AND u.username = 'login' || c.id AND {_SINCE}"""


def _done() -> Iterator[str]:
    yield f"""
        INSERT INTO {AuditEntry._meta.db_table} (at, actor_id, command, verb, object_type, object_id, customer_id,
            address, request_id, changes)
        SELECT {_AT}, (%(sellers)s::bigint[])[1 + {number("actor")} %% array_length(%(sellers)s::bigint[], 1)], '',
            {one_of("verb", VERBS)}, 'customer', c.id::text, c.id, '192.0.2.1', '', '{{}}'
        FROM {_CUSTOMER} c, generate_series(1, {ACTS}) act, LATERAL (SELECT c.id * {ACTS} + act AS n OFFSET 0) numbered
        WHERE {_SINCE}"""
    yield f"""
        INSERT INTO {Template._meta.db_table} (waba_id, name, language, provider_id, category, status,
            parameter_format, components, quality, reason, synced_at, folded)
        SELECT '1', 'template_' || n, 'en', n::text, (array['MARKETING', 'UTILITY'])[1 + n %% 2], 'APPROVED',
            'POSITIONAL', '[]', '', '', now(), 'template_' || n
        FROM generate_series(1, {TEMPLATES}) n ON CONFLICT DO NOTHING"""
