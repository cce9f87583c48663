"""What benchmarks/growth.py asks for: every list, with every ordering and filter that its documentation names."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.growth_data import COMMON, NOBODY, Desk
from customers.filters import CustomerFilter
from messaging.desk.filters import DeskFilter


@dataclass(frozen=True)
class Asked:
    """Who asks for what, and how much longer the large desk may take than the small one (None: any time)."""

    user: str
    name: str
    most_growth: float | None = None


def requests(desk: Desk) -> Iterator[tuple[Asked, list[str]]]:
    """Each request with the paths to ask for in turn."""
    yield from _lists(desk)
    for query in _desk_queries():
        for user in ("admin", "sales"):
            shown = query.replace("{", "").replace("}", "")
            yield Asked(user, f"list ?{shown}"), [f"/api/customers/?{_filled(query, desk)}"]
    for name, terms in _searches(desk).items():
        for user in ("admin", "sales"):
            yield Asked(user, f"list, search {name}"), [f"/api/customers/?search={term}" for term in terms]
    yield from _messages(desk)
    for query in _profile_queries():
        yield Asked("admin", f"profiles ?{query}" if query else "profiles"), [f"/api/customers/customers/?{query}"]
    for name, terms in _searches(desk).items():
        paths = [f"/api/customers/customers/?search={term}" for term in terms]
        yield Asked("admin", f"profiles, search {name}"), paths
    yield from _others(desk)


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
    """Queries of the desk's list. Words in braces are filled in by _filled."""
    for name in DeskFilter.base_filters["ordering"].orders:
        yield from (f"ordering={name}", f"ordering=-{name}")
    yield from ("unassigned=true", "unassigned=false", "source=whatsapp", "source=manual", "owner={seller}")
    yield from ("has_unread=true", "has_unread=false", "is_active=true", "is_active=false")
    yield from ("tag={rare}", "tag={some}", "tag={common}", "tag={whatsapp}", "tag={some}&tag={common}")
    yield from ("tag_any={rare},{some}", "tag_any={whatsapp},{some}")
    yield from ("has_unread=true&source=whatsapp&tag={some}", "has_unread=true&unassigned=true")
    yield from ("has_unread=true&ordering=-unread_count", "tag={some}&ordering=name", "is_active=false&tag={rare}")
    yield from ("tag={some}&search={name}", "has_unread=true&search={name}", "ordering=name,-created_at")


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
    filters = (
        "",
        "status=failed",
        "status=read",
        "status=uncertain",
        "type=image",
        "type=sticker",
        "direction=inbound",
    )
    filters += ("type=image&status=failed", f"type=image&search={desk.words[0]}", f"status=failed&search={COMMON}")
    queries |= {f"?{query}".replace(desk.words[0], "rare") if query else "all": [query] for query in filters}
    lists = {"messages": "/api/messages/", "big chat": f"/api/customers/{desk.big_chat}/messages/"}
    for where, path in lists.items():
        for user in ("admin", "sales") if where == "messages" else ("admin",):
            for name, given in queries.items():
                yield Asked(user, f"{where}, {name}"), [f"{path}?{query}" for query in given]


def _profile_queries() -> Iterator[str]:
    yield from ("", "page=last")
    for name in CustomerFilter.base_filters["ordering"].orders:
        yield from (f"ordering={name}", f"ordering=-{name}")
    yield from ("is_active=false", "is_verified=true", "is_vip=true", "phone_verified=true", "loyalty_tier=gold")
    yield from ("accepts_marketing_email=true", "accepts_marketing_sms=true", "min_orders=35", "max_orders=1")
    yield from ("min_spent=11000", "max_spent=100", "joined_after=2025-10-01", "joined_before=2024-01-01")
    yield from ("last_order_after=2025-12-01", "last_order_before=2025-01-01", "preferred_language=si")
    yield from ("preferred_currency=LKR", "gender=female", "gender=other")
    yield from ("is_vip=true&min_spent=5000&ordering=-total_spent", "loyalty_tier=gold&is_verified=true&max_orders=3")


def _others(desk: Desk) -> Iterator[tuple[Asked, list[str]]]:
    paths = {
        "tags": "/api/v1/msg/tags/",
        "tags, with_counts": "/api/v1/msg/tags/?with_counts=true",
        "one tag, with_counts": f"/api/v1/msg/tags/{desk.tags['common']}/?with_counts=true",
        "events of the big chat": f"/api/customers/{desk.big_chat}/events/?after=10",
        "duplicates": f"/api/customers/{desk.ids[0]}/duplicates/",
    }
    for name, path in paths.items():
        for user in ("admin", "sales") if name.startswith("tags") else ("admin",):
            yield Asked(user, name), [path]
    for path in (
        "/api/customers/customers/analytics/",
        "/api/customers/groups/",
        f"/api/customers/groups/{desk.group}/",
        f"/api/customers/groups/{desk.group}/members/",
        f"/api/customers/groups/{desk.group}/statistics/",
        "/api/assignments/",
        "/api/assignments/?is_active=true",
        f"/api/assignments/?salesperson={desk.seller}",
        "/api/users/",
        "/api/contacts/",
        "/api/contacts/stats/",
        "/readyz",
    ):
        yield Asked("admin", path.replace(f"/{desk.group}/", "/N/").replace(f"={desk.seller}", "=N")), [path]
