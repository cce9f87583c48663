"""Templates of every shape that Meta has: how an account lists them, how they are filled in, and what Meta is given."""

from dataclasses import dataclass, field
from typing import Any

ENDS = 4_102_444_800_000  # 2100-01-01T00:00:00Z


@dataclass(frozen=True)
class Shape:
    """A template as Meta lists it, its values in the short form, and the components that are sent.

    `shown` is what the customer sees, as far as a test looks at it.
    """

    listed: list[dict[str, Any]]
    parameters: Any
    sent: list[dict[str, Any]]
    shown: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)


def body(text: str, *examples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **({"example": {"body_text": [list(examples)]}} if examples else {})}


def header(form: str, **more: Any) -> dict[str, Any]:
    return {"type": "HEADER", "format": form, **more}


def buttons(*described: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(described)}


def texts(kind: str, *values: str) -> dict[str, Any]:
    return {"type": kind, "parameters": [{"type": "text", "text": value} for value in values]}


def named(kind: str, **values: str) -> dict[str, Any]:
    given = [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]
    return {"type": kind, "parameters": given}


def head(form: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": form, form: content}]}


def button(sub_type: str, index: int, *parameters: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "button", "sub_type": sub_type, "index": str(index)}
    return {**found, "parameters": list(parameters)} if parameters else found


HI = body("Hi {{1}}", "Anna")
ANNA = texts("body", "Anna")
URL = {"type": "URL", "text": "Look", "url": "https://shop.example/{{1}}", "example": ["https://shop.example/7"]}
STATIC = {"type": "URL", "text": "Shop", "url": "https://shop.example/"}
PHONE = {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+94771234567"}
YES = {"type": "QUICK_REPLY", "text": "Yes"}
COUPON = {"type": "COPY_CODE", "text": "Copy offer code", "example": ["MAY10"]}
OFFER = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": True}}
SECTIONS = [{"title": "New", "product_items": [{"product_retailer_id": "p1"}, {"product_retailer_id": "p2"}]}]
ORDER = {
    "reference_id": "order-7",
    "type": "physical-goods",
    "currency": "INR",
    "payment_settings": [{"type": "payment_gateway", "payment_gateway": {"type": "razorpay"}}],
    "total_amount": {"value": 450, "offset": 100},
    "order": {
        "status": "pending",
        "items": [{"name": "Chair", "amount": {"value": 400, "offset": 100}, "quantity": 1}],
        "subtotal": {"value": 400, "offset": 100},
        "tax": {"value": 50, "offset": 100},
    },
}


def card(form: str, *described: dict[str, Any], text: str = "Chair {{1}}") -> dict[str, Any]:
    return {"components": [header(form), body(text), buttons(*described)]}


def ends(at: int = ENDS) -> dict[str, Any]:
    value = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": at}}
    return {"type": "limited_time_offer", "parameters": [value]}


def otp(kind: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"type": "BODY", "text": "*{{1}}* is your verification code.", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 10},
        buttons({"type": "OTP", "otp_type": kind, "text": "Copy code", **more}),
    ]


CODE_SENT = [texts("body", "123456"), button("url", 0, {"type": "text", "text": "123456"})]
CODE_SHOWN = "*123456* is your verification code. For your security, do not share this code."
AUTHENTICATION = {"category": "AUTHENTICATION"}
APP = {"supported_apps": [{"package_name": "com.example.app", "signature_hash": "K8a/AINcGX7"}]}

SHAPES: dict[str, Shape] = {
    "numbered": Shape(
        [header("TEXT", text="Order {{1}}", example={"header_text": ["7"]}), body("{{2}} and {{1}}", "b", "a")],
        {"header": ["A7"], "body": ["one", "two"]},
        [texts("header", "A7"), texts("body", "one", "two")],
        {"header": "Order A7", "body": "two and one"},
    ),
    "named": Shape(
        [
            header("TEXT", text="Order {{order}}"),
            body("{{name}}: {{order}}"),
            {"type": "FOOTER", "text": "Shop"},
            buttons(URL),
        ],
        {"name": "Anna", "order": "7", "buttons": ["o/7"]},
        [
            named("header", order="7"),
            named("body", name="Anna", order="7"),
            button("url", 0, {"type": "text", "text": "o/7"}),
        ],
        {"header": "Order 7", "body": "Anna: 7", "footer": "Shop"},
        {"parameter_format": "NAMED"},
    ),
    "amounts": Shape(
        [body("{{1}} until {{2}}")],
        [
            {"type": "currency", "currency": {"fallback_value": "9 EUR", "code": "EUR", "amount_1000": 9000}},
            {"type": "date_time", "date_time": {"fallback_value": "Friday"}},
        ],
        [
            {
                "type": "body",
                "parameters": [
                    {"type": "currency", "currency": {"fallback_value": "9 EUR", "code": "EUR", "amount_1000": 9000}},
                    {"type": "date_time", "date_time": {"fallback_value": "Friday"}},
                ],
            }
        ],
        {"body": "9 EUR until Friday"},
    ),
    "image": Shape(
        [header("IMAGE", example={"header_handle": ["https://x.example/1.jpg"]}), HI],
        {"header": {"id": "901"}, "body": ["Anna"]},
        [head("image", {"id": "901"}), ANNA],
        {"header_format": "IMAGE", "header_content": {"id": "901"}},
    ),
    "video": Shape(
        [header("VIDEO"), HI],
        {"header": "https://shop.example/a.mp4", "body": ["Anna"]},
        [head("video", {"link": "https://shop.example/a.mp4"}), ANNA],
        {"header_format": "VIDEO"},
    ),
    "document": Shape(
        [header("DOCUMENT"), HI],
        {"header": {"id": "902", "filename": "bill.pdf"}, "body": ["Anna"]},
        [head("document", {"id": "902", "filename": "bill.pdf"}), ANNA],
        {"header_content": {"id": "902", "filename": "bill.pdf"}},
    ),
    "location": Shape(
        [header("LOCATION"), HI],
        {"header": {"latitude": "41.9", "longitude": "12.5", "name": "S", "address": "A"}, "body": ["Anna"]},
        [head("location", {"latitude": "41.9", "longitude": "12.5", "name": "S", "address": "A"}), ANNA],
        {"header_format": "LOCATION"},
    ),
    "product": Shape(
        [header("PRODUCT"), HI, buttons({"type": "SPM", "text": "View"})],
        {"header": {"catalog_id": "c1", "product_retailer_id": "p1"}, "body": ["Anna"]},
        [head("product", {"catalog_id": "c1", "product_retailer_id": "p1"}), ANNA],
        {"header_format": "PRODUCT", "buttons": [{"type": "SPM", "text": "View"}]},
    ),
    "buttons": Shape(
        [HI, buttons(YES, URL, STATIC, PHONE)],
        {"body": ["Anna"], "buttons": ["yes", "o/7"]},
        [
            ANNA,
            button("quick_reply", 0, {"type": "payload", "payload": "yes"}),
            button("url", 1, {"type": "text", "text": "o/7"}),
        ],
        {
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Yes", "payload": "yes"},
                {"type": "URL", "text": "Look", "url": "https://shop.example/o/7"},
                {"type": "URL", "text": "Shop", "url": "https://shop.example/"},
                {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+94771234567"},
            ]
        },
    ),
    "coupon": Shape(
        [HI, buttons(COUPON)],
        {"body": ["Anna"], "buttons": ["MAY10"]},
        [ANNA, button("copy_code", 0, {"type": "coupon_code", "coupon_code": "MAY10"})],
        {"buttons": [{"type": "COPY_CODE", "text": "Copy offer code", "coupon_code": "MAY10"}]},
    ),
    "offer": Shape(
        [header("IMAGE"), HI, OFFER, buttons(COUPON, URL)],
        {
            "header": {"id": "901"},
            "body": ["Anna"],
            "limited_time_offer": "2100-01-01T00:00:00Z",
            "buttons": ["MAY10", "sale"],
        },
        [
            head("image", {"id": "901"}),
            ANNA,
            ends(),
            button("copy_code", 0, {"type": "coupon_code", "coupon_code": "MAY10"}),
            button("url", 1, {"type": "text", "text": "sale"}),
        ],
        {"offer": {"text": "Ends soon", "expires_at": "2100-01-01T00:00:00Z"}},
    ),
    "offer_without_end": Shape(
        [
            header("VIDEO"),
            body("Hi"),
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Now", "has_expiration": False}},
            buttons(STATIC),
        ],
        {"header": {"id": "903"}},
        [head("video", {"id": "903"})],
        {"offer": {"text": "Now", "expires_at": None}},
    ),
    "flow": Shape(
        [HI, buttons({"type": "FLOW", "text": "Book", "flow_id": "55", "flow_action": "navigate"})],
        {"body": ["Anna"], "buttons": [{"flow_token": "t1", "flow_action_data": {"id": 7}}]},
        [
            ANNA,
            button("flow", 0, {"type": "action", "action": {"flow_token": "t1", "flow_action_data": {"id": 7}}}),
        ],
        {"body": "Hi Anna"},
    ),
    "flow_without_data": Shape(
        [HI, buttons({"type": "FLOW", "text": "Book", "flow_id": "55"})],
        ["Anna"],
        [ANNA, button("flow", 0, {"type": "action", "action": {"flow_token": "unused"}})],
        {"buttons": [{"type": "FLOW", "text": "Book", "action": {"flow_token": "unused"}}]},
    ),
    "products": Shape(
        [HI, buttons({"type": "MPM", "text": "View items"})],
        {"body": ["Anna"], "buttons": [{"thumbnail_product_retailer_id": "p1", "sections": SECTIONS}]},
        [
            ANNA,
            button(
                "mpm",
                0,
                {"type": "action", "action": {"thumbnail_product_retailer_id": "p1", "sections": SECTIONS}},
            ),
        ],
        {"body": "Hi Anna"},
    ),
    "catalog": Shape(
        [HI, buttons({"type": "CATALOG", "text": "View catalog"})],
        {"body": ["Anna"], "buttons": ["p1"]},
        [ANNA, button("catalog", 0, {"type": "action", "action": {"thumbnail_product_retailer_id": "p1"}})],
        {"body": "Hi Anna"},
    ),
    "catalog_without_thumbnail": Shape(
        [HI, buttons({"type": "CATALOG", "text": "View catalog"})],
        ["Anna"],
        [ANNA, button("catalog", 0)],
        {"buttons": [{"type": "CATALOG", "text": "View catalog"}]},
    ),
    "code_to_copy": Shape(otp("COPY_CODE"), ["123456"], CODE_SENT, {"body": CODE_SHOWN}, AUTHENTICATION),
    "code_in_one_tap": Shape(
        otp("ONE_TAP", autofill_text="Autofill", **APP),
        ["123456"],
        CODE_SENT,
        {
            "footer": "This code expires in 10 minutes.",
            "buttons": [{"type": "OTP", "text": "Copy code", "code": "123456"}],
        },
        AUTHENTICATION,
    ),
    "code_without_tap": Shape(otp("ZERO_TAP", **APP), ["123456"], CODE_SENT, {"body": CODE_SHOWN}, AUTHENTICATION),
    "code_listed_as_url": Shape(
        [
            body("{{1}} is your code."),
            buttons({"type": "URL", "text": "Copy code", "url": "https://www.whatsapp.com/otp/code/?code=otp{{1}}"}),
        ],
        ["123456"],
        CODE_SENT,
        {"body": "123456 is your code."},
        AUTHENTICATION,
    ),
    "calls": Shape(
        [HI, buttons({"type": "VOICE_CALL", "text": "Call"})],
        {"body": ["Anna"], "buttons": [60]},
        [ANNA, button("voice_call", 0, {"type": "ttl_minutes", "ttl_minutes": 60})],
        {"buttons": [{"type": "VOICE_CALL", "text": "Call"}]},
    ),
    "permission": Shape(
        [HI, buttons({"type": "CALL_PERMISSION_REQUEST"})],
        ["Anna"],
        [ANNA],
        {"buttons": [{"type": "CALL_PERMISSION_REQUEST", "text": "Allow calls"}]},
    ),
    "contact_info": Shape(
        [HI, buttons({"type": "REQUEST_CONTACT_INFO"})],
        ["Anna"],
        [ANNA],
        {"buttons": [{"type": "REQUEST_CONTACT_INFO", "text": "Share contact info"}]},
    ),
    "order": Shape(
        [HI, buttons({"type": "ORDER_DETAILS", "text": "Review and pay"})],
        {"body": ["Anna"], "buttons": [ORDER]},
        [ANNA, button("order_details", 0, {"type": "action", "action": {"order_details": ORDER}})],
        {"body": "Hi Anna"},
    ),
    "carousel": Shape(
        [HI, {"type": "CAROUSEL", "cards": [card("IMAGE", YES, URL), card("IMAGE", YES, URL)]}],
        {
            "body": ["Anna"],
            "cards": [
                {"header": {"id": "901"}, "body": ["one"], "buttons": ["more1", "c/1"]},
                {"header": "https://shop.example/2.jpg", "body": ["two"], "buttons": [None, "c/2"]},
            ],
        },
        [
            ANNA,
            {
                "type": "carousel",
                "cards": [
                    {
                        "card_index": 0,
                        "components": [
                            head("image", {"id": "901"}),
                            texts("body", "one"),
                            button("quick_reply", 0, {"type": "payload", "payload": "more1"}),
                            button("url", 1, {"type": "text", "text": "c/1"}),
                        ],
                    },
                    {
                        "card_index": 1,
                        "components": [
                            head("image", {"link": "https://shop.example/2.jpg"}),
                            texts("body", "two"),
                            button("url", 1, {"type": "text", "text": "c/2"}),
                        ],
                    },
                ],
            },
        ],
        {
            "cards": [
                {
                    "header_format": "IMAGE",
                    "header_content": {"id": "901"},
                    "body": "Chair one",
                    "buttons": [
                        {"type": "QUICK_REPLY", "text": "Yes", "payload": "more1"},
                        {"type": "URL", "text": "Look", "url": "https://shop.example/c/1"},
                    ],
                },
                {
                    "header_format": "IMAGE",
                    "header_content": {"link": "https://shop.example/2.jpg"},
                    "body": "Chair two",
                    "buttons": [
                        {"type": "QUICK_REPLY", "text": "Yes"},
                        {"type": "URL", "text": "Look", "url": "https://shop.example/c/2"},
                    ],
                },
            ]
        },
    ),
    "carousel_of_products": Shape(
        [
            HI,
            {
                "type": "CAROUSEL",
                "cards": [{"components": [header("PRODUCT"), buttons({"type": "SPM", "text": "View"})]}] * 2,
            },
        ],
        {
            "body": ["Anna"],
            "cards": [{"header": {"catalog_id": "c1", "product_retailer_id": f"p{n}"}} for n in (1, 2, 3)],
        },
        [
            ANNA,
            {
                "type": "carousel",
                "cards": [
                    {
                        "card_index": n,
                        "components": [head("product", {"catalog_id": "c1", "product_retailer_id": f"p{n + 1}"})],
                    }
                    for n in range(3)
                ],
            },
        ],
        {"body": "Hi Anna"},
    ),
}
