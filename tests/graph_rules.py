"""What Meta refuses to send: what the double answers with 400, as code and details.

Written from Meta's reference (docs/whatsapp.md), and apart from Patter's own checks: each is a test of the other.
tests/graph_templates.py has the rules of templates.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.graph_templates import APPROVED, check_template

MISSING, WRONG, UNKNOWN = 131008, 131009, 100


class Refused(Exception):
    def __init__(self, code: int, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code, self.details = code, details


@dataclass
class Known:
    """What exists at Meta: uploaded files, flows, the products of each catalog, templates.

    The templates are those that need no account of their own. What GraphDouble.templates has goes before them.
    """

    media: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)
    catalogs: dict[str, set[str]] = field(default_factory=dict)
    templates: list[dict[str, Any]] = field(default_factory=lambda: list(APPROVED))


def need(fits: Any, code: int, details: str) -> None:
    if not fits:
        raise Refused(code, details)


def refusal(body: dict[str, Any], known: Known) -> tuple[int, str] | None:
    """The code and the details with which Meta refuses a message; None if it takes it."""
    try:
        need(body.get("messaging_product") == "whatsapp", UNKNOWN, "messaging_product")
        need(body.get("to") or body.get("recipient"), MISSING, "to")
        kind = body.get("type", "text")
        need(kind in body, MISSING, kind)
        if kind == "template":
            check_template(body["template"], known, need)
        else:
            need(kind in _RULES, UNKNOWN, f"type {kind}")
            _RULES[kind](body[kind], known)
    except Refused as refused:
        return refused.code, refused.details
    return None


def text_of(part: Any, longest: int, name: str, *, optional: bool = False) -> None:
    """`{text}` of at most `longest` characters."""
    if part is None and optional:
        return
    need(isinstance(part, dict) and set(part) == {"text"}, MISSING, name)
    words(part["text"], longest, name)


def words(value: Any, longest: int, name: str) -> None:
    need(isinstance(value, str) and value, MISSING, name)
    need(len(value) <= longest, WRONG, f"{name} is longer than {longest}")


def file(content: Any, known: Known, *, named: bool = False, more: frozenset[str] = frozenset()) -> None:
    """A file that was uploaded, or a link."""
    allowed = {"id", "link", *more} | ({"filename"} if named else set())
    need(isinstance(content, dict) and set(content) <= allowed, UNKNOWN, "a key of the file")
    need(("id" in content) != ("link" in content), MISSING, "id or link")
    need("id" not in content or content["id"] in known.media, WRONG, f"no file {content.get('id')}")
    need("link" not in content or content["link"].startswith("http"), WRONG, "link")


def product(content: Any, known: Known) -> None:
    need(content.get("catalog_id") in known.catalogs, WRONG, "catalog_id")
    need(content.get("product_retailer_id") in known.catalogs[content["catalog_id"]], WRONG, "product_retailer_id")


def sections(given: Any, products: set[str], *, titled: bool) -> None:
    need(isinstance(given, list) and 0 < len(given) <= 10, WRONG, "sections")
    items = [item["product_retailer_id"] for section in given for item in section.get("product_items", ())]
    need(0 < len(items) <= 30, WRONG, "product_items")
    need(set(items) <= products, WRONG, "product_retailer_id")
    for section in given:
        if titled or len(given) > 1 or "title" in section:
            words(section.get("title"), 24, "section title")


def _location(place: Any, known: Known) -> None:
    need(abs(float(place["latitude"])) <= 90 and abs(float(place["longitude"])) <= 180, WRONG, "location")


def _contacts(cards: Any, known: Known) -> None:
    need(isinstance(cards, list) and cards, MISSING, "contacts")
    need(all("formatted_name" in card["name"] and len(card["name"]) > 1 for card in cards), MISSING, "name")


def _header(header: Any, known: Known, kinds: str) -> None:
    if header is None:
        return
    kind = header.get("type")
    need(kind in kinds.split() and set(header) == {"type", kind}, WRONG, f"header {kind}")
    if kind == "text":
        words(header["text"], 60, "header")
    else:
        file(header[kind], known, named=kind == "document")


def _interactive(content: Any, known: Known) -> None:
    kind, header = content.get("type"), content.get("header")
    need(kind in _ACTIONS, WRONG, f"interactive type {kind}")
    need(set(content) <= {"type", "header", "body", "footer", "action"}, UNKNOWN, "a key of interactive")
    need(isinstance(content.get("action"), dict), MISSING, "action")
    headers = "text" if kind in ("list", "product_list") else "text image video document"
    need(header is not None or kind != "product_list", MISSING, "header")
    need(header is None or kind in (*_WITH_ALL_HEADERS, "list", "product_list"), WRONG, "header")
    _header(header, known, headers)
    text_of(content.get("body"), 4096 if kind == "list" else 1024, "body", optional=kind == "product")
    need("footer" not in content or kind in _WITH_FOOTER, WRONG, "footer")
    text_of(content.get("footer"), 60, "footer", optional=True)
    _ACTIONS[kind](content["action"], known)


_WITH_ALL_HEADERS = ("button", "cta_url", "flow")
_WITH_FOOTER = (*_WITH_ALL_HEADERS, "list", "product", "product_list", "catalog_message")


def _reply(reply: Any) -> None:
    words(reply.get("title"), 20, "title")
    words(reply.get("id"), 256, "id")


def _buttons(action: Any, known: Known) -> None:
    buttons = action["buttons"]
    need(0 < len(buttons) <= 3, WRONG, "buttons")
    for button in buttons:
        need(button["type"] == "reply", WRONG, "button type")
        _reply(button["reply"])
    need(len({button["reply"]["title"] for button in buttons}) == len(buttons), WRONG, "title")


def _rows(action: Any, known: Known) -> None:
    words(action.get("button"), 20, "button")
    rows = [row for section in action["sections"] for row in section["rows"]]
    need(0 < len(rows) <= 10, WRONG, "rows")
    need(len(action["sections"]) == 1 or all(one.get("title") for one in action["sections"]), WRONG, "section title")
    for row in rows:
        words(row.get("id"), 200, "row id")
        words(row.get("title"), 24, "row title")
        need(len(row.get("description", "")) <= 72, WRONG, "row description")


def _link(action: Any, known: Known) -> None:
    _named("cta_url")(action, known)
    words(action["parameters"].get("display_text"), 20, "display_text")
    need(action["parameters"]["url"].startswith(("http://", "https://")), WRONG, "url")


def _flow(action: Any, known: Known) -> None:
    _named("flow")(action, known)
    given = action["parameters"]
    need(given.get("flow_message_version") == "3", WRONG, "flow_message_version")
    need(("flow_id" in given) != ("flow_name" in given), MISSING, "flow_id")
    need(given.get("flow_id", given.get("flow_name")) in known.flows, WRONG, "flow_id")
    words(given.get("flow_cta"), 30, "flow_cta")
    need(given.get("flow_action") != "navigate" or given["flow_action_payload"]["screen"], MISSING, "screen")
    need(given.get("flow_action_payload", {}).get("data", True), WRONG, "data")


def _product_list(action: Any, known: Known) -> None:
    need(action.get("catalog_id") in known.catalogs, WRONG, "catalog_id")
    sections(action.get("sections"), known.catalogs[action["catalog_id"]], titled=False)


def _catalog(action: Any, known: Known) -> None:
    _named("catalog_message")(action, known)
    thumbnail = action.get("parameters", {}).get("thumbnail_product_retailer_id")
    need(thumbnail is None or any(thumbnail in products for products in known.catalogs.values()), WRONG, "thumbnail")


def _address(action: Any, known: Known) -> None:
    _named("address_message")(action, known)
    need(action["parameters"].get("country") == "IN", WRONG, "country")


def _order(name: str) -> Any:
    def check(action: Any, known: Known) -> None:
        _named(name)(action, known)
        need(re.fullmatch(r"[\w.-]{1,35}", action["parameters"].get("reference_id", "")), WRONG, "reference_id")
        need(action["parameters"].get("order", {}).get("status"), MISSING, "order")

    return check


def _cards(action: Any, known: Known) -> None:
    cards = action["cards"]
    need(2 <= len(cards) <= 10, WRONG, "cards")
    need([card["card_index"] for card in cards] == list(range(len(cards))), WRONG, "card_index")
    need(len({(card["type"], card.get("header", {}).get("type")) for card in cards}) == 1, WRONG, "kinds of cards")
    for card in cards:
        if card["type"] == "product":
            product(card["action"], known)
            continue
        need("header" in card, MISSING, "header")
        _header(card["header"], known, "image video")
        text_of(card.get("body"), 160, "card body", optional=True)
        need(card.get("body", {"text": ""})["text"].count("\n") <= 2, WRONG, "line breaks")
        if card["type"] == "cta_url" and "buttons" not in card["action"]:
            _link(card["action"], known)
        for button in card["action"].get("buttons", ()):
            _reply(button["quick_reply"])


def _named(name: str) -> Any:
    def check(action: Any, known: Known) -> None:
        need(action.get("name") == name, WRONG, "action name")

    return check


_ACTIONS: dict[str, Any] = {
    "button": _buttons,
    "list": _rows,
    "cta_url": _link,
    "flow": _flow,
    "product": product,
    "product_list": _product_list,
    "catalog_message": _catalog,
    "carousel": _cards,
    "location_request_message": _named("send_location"),
    "request_contact_info": _named("request_contact_info"),
    "address_message": _address,
    "call_permission_request": _named("call_permission_request"),
    "voice_call": _named("voice_call"),
    "order_details": _order("review_and_pay"),
    "order_status": _order("review_order"),
}
_CAPTION = frozenset({"caption"})
_RULES: dict[str, Any] = {
    "text": lambda text, known: words(text.get("body"), 4096, "body"),
    "image": lambda content, known: file(content, known, more=_CAPTION),
    "video": lambda content, known: file(content, known, more=_CAPTION),
    "document": lambda content, known: file(content, known, named=True, more=_CAPTION),
    "audio": lambda content, known: file(content, known, more=frozenset({"voice"})),
    "sticker": lambda content, known: file(content, known),
    "location": _location,
    "contacts": _contacts,
    "reaction": lambda reaction, known: need({"message_id", "emoji"} <= set(reaction), MISSING, "reaction"),
    "interactive": _interactive,
}
