"""The templates of the sandbox: one of each shape that people try first."""

from typing import Any


def _card(wood: str) -> dict[str, Any]:
    return {
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": f"{wood}, from {{{{1}}}} EUR"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Tell me more"},
                    {"type": "URL", "text": "Look", "url": "https://shop.example/chairs/{{1}}"},
                ],
            },
        ]
    }


TEMPLATES: list[dict[str, Any]] = [
    {
        "id": "1001",
        "name": "hello",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello {{1}}, thank you for your message. How can we help?"}],
    },
    {
        "id": "1002",
        "name": "order_update",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your order {{order}}"},
            {"type": "BODY", "text": "Hello {{name}}, your order {{order}} arrives on {{day}}."},
            {"type": "FOOTER", "text": "Patter demo"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]},
        ],
    },
    {
        "id": "1003",
        "name": "summer_sale",
        "language": "en",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "{{1}}, everything is {{2}} percent off this week."},
            {
                "type": "BUTTONS",
                "buttons": [{"type": "URL", "text": "Look", "url": "https://shop.example/sale?c={{1}}"}],
            },
        ],
    },
    {
        "id": "1004",
        "name": "new_chairs",
        "language": "en",
        "category": "MARKETING",
        "components": [
            {"type": "BODY", "text": "{{1}}, these chairs are new.", "example": {"body_text": [["Anna"]]}},
            {"type": "CAROUSEL", "cards": [_card("Oak"), _card("Walnut")]},
        ],
    },
    {
        "id": "1005",
        "name": "weekend_offer",
        "language": "en",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Weekend offer", "has_expiration": True}},
            {"type": "BODY", "text": "{{1}}, take 20 percent off until the end of the offer."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "COPY_CODE", "text": "Copy offer code", "example": ["OAK20"]},
                    {"type": "URL", "text": "Shop now", "url": "https://shop.example/offer?c={{1}}"},
                ],
            },
        ],
    },
    {
        "id": "1006",
        "name": "book_a_visit",
        "language": "en",
        "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "When may we show you the workshop?"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "FLOW", "text": "Book a visit", "flow_id": "2001", "navigate_screen": "DAY"},
                    {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+94112345678"},
                ],
            },
        ],
    },
    {
        "id": "1007",
        "name": "sign_in_code",
        "language": "en",
        "category": "AUTHENTICATION",
        "components": [
            {"type": "BODY", "text": "*{{1}}* is your verification code.", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 10},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}]},
        ],
    },
    {
        "id": "1008",
        "name": "for_you",
        "language": "en",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Chosen for {{1}}"},
            {"type": "BODY", "text": "You liked our oak table. These go with it."},
            {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "View items"}]},
        ],
    },
]
