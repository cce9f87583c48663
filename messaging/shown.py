"""A template as the customer sees it: the words are with the provider, so a message keeps what was shown."""

from typing import Annotated, NotRequired, TypedDict

from core.shapes import FreeObject, Time


class ShownButton(TypedDict):
    """A button. What it does is its type; the other fields are there for the types that have them."""

    type: Annotated[str, "QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW, MPM ...: Meta's names"]
    text: Annotated[str, "what stands on it"]
    url: NotRequired[Annotated[str, "the address, with its value"]]
    phone_number: NotRequired[Annotated[str, "whom it calls"]]
    payload: NotRequired[Annotated[str, "what comes back when a quick reply is tapped"]]
    coupon_code: NotRequired[Annotated[str, "the code of an offer, to be copied"]]
    code: NotRequired[Annotated[str, "the one-time password"]]
    action: NotRequired[Annotated[FreeObject, "the flow, products or order that it opens, as Meta defines it"]]


class ShownOffer(TypedDict):
    """A limited-time offer."""

    text: Annotated[str, "what is said of it"]
    expires_at: Annotated[Time | None, "when it ends; null if the template does not say so"]


class ShownCard(TypedDict):
    """A card of a carousel."""

    header_format: Annotated[str, "TEXT, IMAGE, VIDEO, GIF, DOCUMENT, LOCATION, PRODUCT or empty"]
    header_content: Annotated[
        FreeObject | None, "what a header that is no text shows: link or id, place, product; empty: the message's file"
    ]
    body: Annotated[str, "the text of the body, with its values"]
    buttons: Annotated[list[ShownButton], "the buttons, from the top"]


class Shown(ShownCard):
    """A template with its values."""

    header: Annotated[str, "the text of the header"]
    footer: Annotated[str, "the small text below"]
    offer: Annotated[ShownOffer | None, "the limited-time offer; null if it has none"]
    cards: Annotated[list[ShownCard], "the cards of the carousel, from the left; empty without one"]
