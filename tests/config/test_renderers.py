"""JSON is rendered as DRF does it, byte for byte but for the exponents of floats."""

import json
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.http import Http404
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail, NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from config.renderers import QuickJSONRenderer, QuickNegotiation
from customers.models import Source


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        "",
        {"text": 'quotes " \\ / and \x00\x01\x1f\x7f\t\n\r\b\f'},
        {"sinhala": "ආයුබෝවන්", "emoji": "👋🏽", "lines": "a\u2028b\u2029c", "key ü": 1},
        {"none": None, "yes": True, "no": False, "whole": -5, "float": 1.0, "small": 0.1, "pi": 3.14159, "zero": -0.0},
        [2**63 - 1, -(2**63), 2**64 - 1, 2**64, 10**30],
        {1: "a", None: "b", False: "c"},
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(2026, 1, 2, 3, 4, 5),
        [date(2026, 1, 2), time(3, 4, 5), time(3, 4, 5, 6), timedelta(hours=1, seconds=1)],
        [Decimal("12.50"), Decimal("3"), UUID(int=7)],
        (1, ("a", "b"), {"nested": ({"deep": [[]]},)}),
        OrderedDict([("b", 1), ("a", 2)]),
        [gettext_lazy("lazy"), ErrorDetail("wrong", code="invalid"), Source.WHATSAPP, b"bytes"],
        {"many": [{"id": number, "name": f"n{number}"} for number in range(100)]},
    ],
)
def test_the_bytes_are_the_same(value: Any) -> None:
    assert QuickJSONRenderer().render(value) == JSONRenderer().render(value)


@pytest.mark.parametrize("value", [1e16, 1.5e300, 1e-7, -2.5e-10])
def test_exponents_are_written_differently_and_mean_the_same(value: float) -> None:
    assert json.loads(QuickJSONRenderer().render([value])) == [value]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object(), "lone \ud800", time(1, tzinfo=UTC)])
def test_what_cannot_be_rendered_fails_the_same(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)) as plain:
        JSONRenderer().render({"value": value})
    with pytest.raises(type(plain.value)) as quick:
        QuickJSONRenderer().render({"value": value})
    assert str(quick.value) == str(plain.value)


def test_nan_does_not_come_in(as_admin: APIClient) -> None:
    answer = as_admin.post("/api/customers/", data='{"name": NaN}', content_type="application/json")
    assert (answer.status_code, "NaN is not allowed in JSON." in answer.content.decode()) == (400, True)


def test_clients_may_ask_for_indentation(as_admin: APIClient) -> None:
    plain = as_admin.get("/api/auth/me/")
    pretty = as_admin.get("/api/auth/me/", headers={"Accept": "application/json; indent=2"})
    assert plain.content.startswith(b'{"id":')
    assert pretty.content.startswith(b'{\n  "id":')
    assert plain.json() == pretty.json()
    assert plain["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "application/json, text/plain, */*",
        "application/json; indent=4",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/html",
        "application/*",
        "image/png",
    ],
)
@pytest.mark.parametrize("query", ["", "?format=json", "?format=api"])
@pytest.mark.parametrize("kinds", [[QuickJSONRenderer], [QuickJSONRenderer, BrowsableAPIRenderer]])
def test_the_renderer_is_the_one_drf_chooses(accept: str | None, query: str, kinds: list[Any]) -> None:
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    request = Request(APIRequestFactory().get(f"/{query}", **headers))

    def chosen(negotiation: DefaultContentNegotiation) -> Any:
        try:
            renderer, media_type = negotiation.select_renderer(request, [kind() for kind in kinds])
        except (NotAcceptable, Http404) as refused:
            return type(refused)
        return type(renderer), media_type

    assert chosen(QuickNegotiation()) == chosen(DefaultContentNegotiation())
