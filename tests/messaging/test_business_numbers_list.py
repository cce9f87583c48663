"""GET /api/business-numbers/"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.models import BusinessNumber

pytestmark = pytest.mark.django_db
PATH = "/api/business-numbers/"


@pytest.fixture
def numbers(db: None) -> list[BusinessNumber]:
    soon = timezone.now() + timedelta(hours=1)
    return [
        BusinessNumber.objects.create(external_id="1", display="15550783881", name="Sheena's Shop", quality="GREEN"),
        BusinessNumber.objects.create(external_id="2", display="15550002002", paused_until=soon, reason="policy"),
        BusinessNumber.objects.create(external_id="3", paused_until=soon - timedelta(hours=2), reason="was slow"),
        BusinessNumber.objects.create(external_id="4", pause_kind="unreachable"),
    ]


def test_staff_see_every_number(as_owner: Any, as_admin: Any, numbers: list[BusinessNumber]) -> None:
    body = as_owner.get(PATH).json()
    assert body["count"] == 4
    assert body["results"][0] == {
        "id": numbers[0].pk,
        "name": "Sheena's Shop",
        "display_number": "15550783881",
        "channel": "whatsapp",
        "paused": False,
        "quality": "GREEN",
    }
    assert [row["paused"] for row in body["results"]] == [False, True, False, True]
    assert [(row["name"], row["quality"]) for row in body["results"][1:]] == [
        ("15550002002", None),
        ("3", None),
        ("4", None),
    ]
    assert as_admin.get(PATH).json() == body


def test_customers_do_not(as_customer: Any, numbers: list[BusinessNumber]) -> None:
    assert as_customer.get(PATH).status_code == 403


def test_the_number_of_queries_is_constant(
    as_owner: Any, numbers: list[BusinessNumber], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        as_owner.get(PATH)
    BusinessNumber.objects.bulk_create(BusinessNumber(external_id=f"9{n}") for n in range(12))
    with django_assert_num_queries(3):
        as_owner.get(PATH)
