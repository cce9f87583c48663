"""What Meta refuses about a template that is sent: compared with what the account has."""

import re
import time
from collections.abc import Callable
from typing import Any

MISSING, COUNT, NO_TEMPLATE, FORMAT, NOT_NOW = 131008, 132000, 132001, 132012, 132015
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MEDIA = ("image", "video", "document")
# What every double has, for tests in which the parts of a template do not matter.
APPROVED: list[dict[str, Any]] = [
    {"name": "hi", "language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi"}]},
    {
        "name": "code",
        "language": "en",
        "category": "AUTHENTICATION",
        "components": [
            {"type": "BODY", "text": "*{{1}}* is your code."},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}]},
        ],
    },
]
Need = Callable[[Any, int, str], None]


def check_template(sent: dict[str, Any], known: Any, need: Need) -> None:
    """Raise Refused through `need`. `known` is tests.graph_rules.Known."""
    name, language = sent.get("name"), sent.get("language", {}).get("code")
    found = [one for one in known.templates if (one["name"], one["language"]) == (name, language)]
    need(found, NO_TEMPLATE, f"{name} in {language} does not exist")
    template = found[0]
    need(template.get("status", "APPROVED") == "APPROVED", NOT_NOW, template.get("status", ""))
    _Check(template, known, need).components(template["components"], sent.get("components", []), 1024)


class _Check:
    def __init__(self, template: dict[str, Any], known: Any, need: Need) -> None:
        self.named = template.get("parameter_format") == "NAMED"
        self.code = template.get("category") == "AUTHENTICATION"
        self.known, self.need = known, need

    def components(self, described: list[dict[str, Any]], sent: list[dict[str, Any]], longest: int) -> None:
        parts = {part["type"].upper(): part for part in described}
        given: dict[Any, dict[str, Any]] = {}
        for component in sent:
            kind = component["type"].lower()
            key = ("button", int(component["index"])) if kind == "button" else kind
            self.need(key not in given, FORMAT, f"{key} twice")
            given[key] = component
        if "HEADER" in parts:
            self._header(parts["HEADER"], given.pop("header", None))
        self._texts("body", parts.get("BODY", {}), given.pop("body", None), longest)
        self._offer(parts.get("LIMITED_TIME_OFFER", {}), given.pop("limited_time_offer", None))
        self._carousel(parts.get("CAROUSEL"), given.pop("carousel", None))
        for index, button in enumerate(parts.get("BUTTONS", {}).get("buttons", [])):
            self._button(button, given.pop(("button", index), None))
        self.need(not given, FORMAT, f"not in the template: {sorted(map(str, given))}")

    def _texts(self, kind: str, part: dict[str, Any], sent: Any, longest: int) -> None:
        names = list(dict.fromkeys(_VARIABLE.findall(part.get("text", ""))))
        values = sent["parameters"] if sent else []
        self.need(len(values) == len(names), COUNT, f"{kind} needs {len(names)}, got {len(values)}")
        if self.named:
            self.need({one.get("parameter_name") for one in values} == set(names), FORMAT, f"names of {kind}")
        allowed = ("text", "currency", "date_time") if kind == "body" else ("text",)
        for one in values:
            self.need(one.get("type") in allowed, FORMAT, f"{kind} {one.get('type')}")
        texts = [one.get("text", "") for one in values]
        self.need(sum(map(len, texts)) <= longest, FORMAT, f"{kind} is too long")
        self.need(not any(re.search(r"[\n\t]| {5,}", text) for text in texts), FORMAT, f"{kind} has line breaks")

    def _header(self, part: dict[str, Any], sent: Any) -> None:
        form = part.get("format", "TEXT").lower()
        if form == "text":
            return self._texts("header", part, sent, 60)
        self.need(sent is not None and len(sent["parameters"]) == 1, MISSING, f"header {form}")
        value = sent["parameters"][0]
        self.need(value.get("type") == form and form in value, FORMAT, f"header is {form}, got {value.get('type')}")
        content = value[form]
        if form in _MEDIA:
            self.need(("id" in content) != ("link" in content), MISSING, "id or link")
            self.need("id" not in content or content["id"] in self.known.media, FORMAT, f"no file {content.get('id')}")
        if form == "location":
            self.need({"latitude", "longitude"} <= set(content), MISSING, "location")
        if form == "product":
            products = self.known.catalogs.get(content.get("catalog_id"), ())
            self.need(content.get("product_retailer_id") in products, FORMAT, "no such product")

    def _offer(self, part: dict[str, Any], sent: Any) -> None:
        if not part.get("limited_time_offer", {}).get("has_expiration"):
            return self.need(sent is None, FORMAT, "the offer has no end")
        self.need(sent is not None, MISSING, "limited_time_offer")
        ends = sent["parameters"][0]["limited_time_offer"]["expiration_time_ms"]
        self.need(isinstance(ends, int) and ends > time.time() * 1000, FORMAT, "expiration_time_ms")

    def _carousel(self, part: Any, sent: Any) -> None:
        if part is None:
            return self.need(sent is None, FORMAT, "no carousel")
        self.need(sent is not None, MISSING, "carousel")
        described, cards = part["cards"], sent["cards"]
        header = next(one for one in described[0]["components"] if one["type"].upper() == "HEADER")
        fits = 2 <= len(cards) <= 10 if header["format"] == "PRODUCT" else len(cards) == len(described)
        self.need(fits, COUNT, "cards")
        for place, card in enumerate(cards):
            self.need(card["card_index"] == place, FORMAT, "card_index")
            self.components(described[min(place, len(described) - 1)]["components"], card["components"], 160)

    def _button(self, button: dict[str, Any], sent: Any) -> None:
        kind = button["type"].lower()
        values = sent.get("parameters", []) if sent else []
        if self.code and kind in ("otp", "url"):
            self.need(sent is not None and sent["sub_type"].lower() == "url", MISSING, "the code's button")
            return self.need(0 < len(values[0]["text"]) <= 15, FORMAT, "code")
        if sent is not None:
            self.need(sent["sub_type"].lower() == kind, FORMAT, f"button is {kind}, got {sent['sub_type']}")
        check = getattr(self, f"_{kind}", None)
        if check is None:
            return self.need(sent is None, FORMAT, f"{kind} takes nothing")
        check(button, sent, values)

    def _url(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        names = _VARIABLE.findall(button["url"])
        self.need(len(values) == len(names), COUNT, "url")
        self.need(all(one.get("type") == "text" and one.get("text") for one in values), FORMAT, "url")

    def _copy_code(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        self.need(len(values) == 1 and values[0].get("type") == "coupon_code", MISSING, "coupon_code")
        self.need(0 < len(values[0]["coupon_code"]) <= 15, FORMAT, "coupon_code")

    def _quick_reply(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        self.need(all(0 < len(one["payload"]) <= 256 for one in values), FORMAT, "payload")

    def _flow(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        self.need(len(values) == 1 and values[0].get("type") == "action", MISSING, "flow")

    def _mpm(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        self.need(len(values) == 1, MISSING, "mpm")
        action, every = values[0]["action"], set().union(*self.known.catalogs.values())
        self.need(action["thumbnail_product_retailer_id"] in every, FORMAT, "thumbnail")
        items = [one["product_retailer_id"] for part in action["sections"] for one in part["product_items"]]
        self.need(0 < len(action["sections"]) <= 10 and 0 < len(items) <= 30, FORMAT, "sections")
        self.need(set(items) <= every, FORMAT, "no such product")
        self.need(all(0 < len(part["title"]) <= 24 for part in action["sections"]), FORMAT, "title")

    def _order_details(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        self.need(len(values) == 1 and "reference_id" in values[0]["action"]["order_details"], MISSING, "order_details")

    def _catalog(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        every = set().union(*self.known.catalogs.values())
        self.need(all(one["action"]["thumbnail_product_retailer_id"] in every for one in values), FORMAT, "thumbnail")

    def _voice_call(self, button: dict[str, Any], sent: Any, values: Any) -> None:
        self.need(all(one.get("type") == "ttl_minutes" for one in values), FORMAT, "ttl_minutes")
