"""What benchmarks/growth.py asks for: every GET of the API, with every ordering and filter that the schema names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.growth_data import COMMON, NOBODY, Desk
from benchmarks.growth_walk import gets, pairs, queries

USERS = ("admin", "sales")
# Answers a request of a user.
Ask = Callable[[str, str], Any]


@dataclass(frozen=True)
class Asked:
    """Who asks for what, and how much longer the large desk may take than the small one (None: any time)."""

    user: str
    name: str
    most_growth: float | None = None


def requests(desk: Desk, ask: Ask) -> Iterator[tuple[Asked, list[str]]]:
    """Each request with the paths to ask for in turn."""
    yield from _lists(desk)
    for query in _desk_queries():
        for user in USERS:
            shown = query.replace("{", "").replace("}", "")
            yield Asked(user, f"list ?{shown}"), [f"/api/customers/?{_filled(query, desk)}"]
    for name, terms in _searches(desk).items():
        for user in USERS:
            yield Asked(user, f"list, search {name}"), [f"/api/customers/?search={term}" for term in terms]
        for where, path in {"profiles": "/api/customers/customers/", "contacts": "/api/contacts/"}.items():
            yield Asked("admin", f"{where}, search {name}"), [f"{path}?search={term}" for term in terms]
    yield from _messages(desk)
    for query in _PROFILE_QUERIES:
        yield Asked("admin", f"profiles ?{query}"), [f"/api/customers/customers/?{query}"]
    yield from walk(desk, ask, in_pairs=False)
    yield Asked("admin", "/readyz"), ["/readyz"]


def walk(desk: Desk, ask: Ask, *, in_pairs: bool) -> Iterator[tuple[Asked, list[str]]]:
    """What each user may ask for: every filter and ordering alone, or each two of them."""
    schema = ask("admin", "/swagger.json").json()
    for get in gets(schema, desk):
        for user in USERS:
            # Not for salespeople, or not their customer.
            if ask(user, get.path).status_code in (403, 404):
                continue
            found = pairs(get) if in_pairs else queries(get, partial(_count, ask, user))
            for query in found:
                path = f"{get.path}?{query}" if query else get.path
                yield Asked(user, f"{get.name} {query}".rstrip()), [path]


def _count(ask: Ask, user: str, path: str) -> int:
    """How many rows a list has: exactly, because an estimate may say more pages than there are."""
    answer = ask(user, f"{path}?count=exact").json()
    count: int = answer["data"]["count"] if "data" in answer else answer["count"]
    return count


def _lists(desk: Desk) -> Iterator[tuple[Asked, list[str]]]:
    pages = desk.customers // 20
    for user in ("admin", "sales"):
        yield Asked(user, "list", most_growth=1.5), ["/api/customers/"]
    yield Asked("admin", "list, count=exact"), ["/api/customers/?count=exact"]
    yield Asked("admin", "list, page N/2"), [f"/api/customers/?page={pages // 2}"]
    yield Asked("admin", "list, last page"), [f"/api/customers/?page={pages}"]
    yield Asked("admin", "list, page=last"), ["/api/customers/?page=last"]
    yield Asked("sales", "list, page=last"), ["/api/customers/?page=last"]
    yield Asked("admin", "list by name, page N/2"), [f"/api/customers/?ordering=name&page={pages // 2}"]
    yield Asked("admin", "detail"), [f"/api/customers/{pk}/" for pk in desk.ids]
    yield Asked("admin", "history of 50"), [f"/api/customers/{pk}/messages/?page_size=50" for pk in desk.ids]


def _desk_queries() -> Iterator[str]:
    """More than two at once. Words in braces are filled in by _filled."""
    yield from ("tag={some}&tag={common}", "has_unread=true&source=whatsapp&tag={some}", "ordering=name,-created_at")


def _filled(query: str, desk: Desk) -> str:
    return query.format(seller=desk.seller, name=desk.names[0], **desk.tags)


def _searches(desk: Desk) -> dict[str, list[str]]:
    return {
        "rare": desk.names,
        "common": ["example"],
        "three letters": ["kar"],
        "two letters": ["ka"],
        "two letters, nobody": ["qx"],
        "nobody": [NOBODY],
        "two words": [f"{name} ka" for name in desk.names],
        "part of a phone": ["6180339", "3398875"],
    }


def _messages(desk: Desk) -> Iterator[tuple[Asked, list[str]]]:
    searches = {"rare": desk.words, "common": [COMMON], "two words": [f"{word} {COMMON}" for word in desk.words]}
    searches |= {"two letters": ["or"], "two letters, nobody": ["qx"], "nobody": [NOBODY]}
    queries = {f"search {name}": [f"search={term}" for term in terms] for name, terms in searches.items()}
    lists = {"messages": "/api/messages/", "big chat": f"/api/customers/{desk.big_chat}/messages/"}
    for where, path in lists.items():
        for user in ("admin", "sales") if where == "messages" else ("admin",):
            for name, given in queries.items():
                yield Asked(user, f"{where}, {name}"), [f"{path}?{query}" for query in given]


_PROFILE_QUERIES = (
    "is_vip=true&min_spent=5000&ordering=-total_spent",
    "loyalty_tier=gold&is_verified=true&max_orders=3",
    "ordering=-total_spent,date_joined",
)
