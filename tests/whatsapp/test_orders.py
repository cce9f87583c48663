"""Orders from the catalog: what is ordered and the total, with what of it could not be read."""

from typing import Any

import pytest

from messaging.models import Message
from tests.webhooks import message_item, says

pytestmark = pytest.mark.django_db

CAP = {"product_retailer_id": "cap", "quantity": 2, "item_price": 5, "currency": "USD"}


def text_of(post: Any, *items: Any, **order: Any) -> str:
    order = {"catalog_id": "1", "product_items": list(items), **order}
    post(says(message_item("94771234567", "wamid.order", type="order", order=order)))
    return Message.objects.get().text


def test_all_of_it_can_be_read(post: Any) -> None:
    mug = {"product_retailer_id": "mug", "quantity": "3", "item_price": "2.50", "currency": "USD"}
    assert text_of(post, CAP, mug) == "2 x cap, 5 USD\n3 x mug, 2.5 USD\nTotal: 17.5 USD"


@pytest.mark.parametrize("price", [None, "", "19,99", "free", {}, [5], True, "NaN", 10**25, "\x00"], ids=repr)
def test_a_price_that_cannot_be_read_is_named(post: Any, price: Any) -> None:
    said = text_of(post, CAP, {**CAP, "product_retailer_id": "hat", "item_price": price})
    assert said == "2 x cap, 5 USD\n2 x hat\nTotal: 10 USD without 1 item whose price could not be read"


def test_several(post: Any) -> None:
    odd = {**CAP, "item_price": "?"}
    said = text_of(post, odd, CAP, odd)
    assert said.endswith("\nTotal: 10 USD without 2 items whose price could not be read")


def test_a_quantity_that_cannot_be_read(post: Any) -> None:
    said = text_of(post, CAP, {**CAP, "quantity": "two"}, {**CAP, "item_price": None})
    assert said.endswith("\nTotal: 10 USD without 2 items whose price or quantity could not be read")


def test_nothing_of_it_can_be_read(post: Any) -> None:
    said = text_of(post, {"product_retailer_id": "cap", "quantity": 2}, text="Love these!")
    assert said == "Love these!\n2 x cap\nTotal: unknown. The price of 1 item could not be read."


def test_the_total_of_a_long_order_is_kept(post: Any) -> None:
    said = text_of(
        post, *({**CAP, "product_retailer_id": "x" * 500} for _ in range(30)), {**CAP, "currency": "y" * 9000}
    )
    assert len(said) == 4096
    assert said.endswith("\nTotal: 300 USD, 10 yyyyyyyyyy")
