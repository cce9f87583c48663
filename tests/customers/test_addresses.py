"""/api/customers/addresses/"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from customers.models import Address, Customer, Event

API = "/api/customers/addresses/"


def an_address(**fields: Any) -> dict[str, Any]:
    return {"address_type": "shipping", "address_line1": "1 Main St", "city": "New York", "country": "USA", **fields}


def made(client: APIClient, **fields: Any) -> int:
    answer = client.post(API, an_address(**fields))
    assert answer.status_code == 201, answer.json()
    pk: int = answer.json()["id"]
    return pk


def defaults(address_type: str = "shipping") -> list[int]:
    return list(Address.objects.filter(address_type=address_type, is_default=True).values_list("pk", flat=True))


def test_one_default_of_each_type(as_customer: APIClient) -> None:
    first = made(as_customer)
    assert defaults() == [first]
    second = made(as_customer)
    assert defaults() == [first]
    third = made(as_customer, is_default=True)
    assert defaults() == [third]
    billing = made(as_customer, address_type="billing")
    assert (defaults(), defaults("billing")) == ([third], [billing])
    assert as_customer.post(f"{API}{second}/set_default/").json()["is_default"] is True
    assert defaults() == [second]
    as_customer.delete(f"{API}{second}/")
    assert defaults() == [first]
    # A default that stops being one is replaced by the next; the only one stays.
    assert as_customer.patch(f"{API}{first}/", {"is_default": False}).json()["is_default"] is False
    assert defaults() == [third]
    assert as_customer.patch(f"{API}{billing}/", {"is_default": False}).json()["is_default"] is True


def test_a_company(as_customer: APIClient, as_admin: APIClient) -> None:
    pk, other = made(as_customer, company="Doe & Sons"), made(as_customer)
    assert [as_customer.get(f"{API}{one}/").json()["company"] for one in (pk, other)] == ["Doe & Sons", ""]

    assert as_customer.patch(f"{API}{pk}/", {"company": "x" * 151}).status_code == 400
    assert as_customer.patch(f"{API}{pk}/", {"company": None}).status_code == 400
    assert as_admin.get(f"{API}{pk}/").json()["company"] == "Doe & Sons"
    assert as_customer.patch(f"{API}{pk}/", {"company": ""}).json()["company"] == ""


def test_changing_the_type(as_customer: APIClient) -> None:
    first, second = made(as_customer), made(as_customer)
    billing = made(as_customer, address_type="billing")

    moved = as_customer.patch(f"{API}{first}/", {"address_type": "billing"}).json()

    assert moved["is_default"] is False
    assert (defaults(), defaults("billing")) == ([second], [billing])


def test_whose_it_is(as_customer: APIClient, as_admin: APIClient, customer: Customer) -> None:
    other = Customer.objects.create(first_name="Other")
    missing = as_admin.post(API, an_address())
    assert (missing.status_code, list(missing.json())) == (400, ["customer"])
    theirs = made(as_admin, customer=other.pk)
    for foreign in (other.pk, 999_999):
        answer = as_customer.post(API, an_address(customer=foreign))
        assert answer.status_code == 400
        assert "does not exist" in answer.json()["customer"][0]
    mine = made(as_customer)
    for method in ("get", "put", "patch", "delete"):
        assert getattr(as_customer, method)(f"{API}{theirs}/").status_code == 404
    assert as_customer.post(f"{API}{theirs}/set_default/").status_code == 404
    assert [row["id"] for row in as_customer.get(API).json()["results"]] == [mine]
    assert as_admin.get(API).json()["count"] == 2
    assert [row["id"] for row in as_admin.get(f"{API}?customer={other.pk}").json()["results"]] == [theirs]
    assert as_customer.get(f"{API}?customer={other.pk}").json()["count"] == 0
    assert as_admin.patch(f"{API}{mine}/", {"customer": other.pk}).status_code == 400
    assert Address.objects.get(pk=mine).customer == customer


def test_sales_read_those_of_their_customers(
    as_owner: APIClient, as_stranger: APIClient, as_customer: APIClient
) -> None:
    pk = made(as_customer)
    assert as_owner.get(f"{API}{pk}/").status_code == 200
    assert as_stranger.get(f"{API}{pk}/").status_code == 404
    for method in ("put", "patch", "delete"):
        assert getattr(as_owner, method)(f"{API}{pk}/").status_code == 403
    assert Address.objects.count() == 1


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ("address_type=billing", "address_type=shipping"),
        ("is_default=false", "is_default=true"),
        ("country=lk", "country=USA"),
        ("state=wp", "state=ny"),
        ("city=LOMB", "city=york"),
    ],
)
def test_filters(as_customer: APIClient, found: str, missed: str) -> None:
    made(as_customer, address_type="billing", country="USA", state="NY")
    wanted = made(as_customer, address_type="billing", country="LK", state="WP", city="Colombo")
    Address.objects.exclude(pk=wanted).update(address_type="shipping")

    assert [row["id"] for row in as_customer.get(f"{API}?{found}").json()["results"]] == [wanted]
    assert wanted not in [row["id"] for row in as_customer.get(f"{API}?{missed}").json()["results"]]


def test_orderings(as_customer: APIClient) -> None:
    first, second, third = made(as_customer), made(as_customer), made(as_customer)

    def order(query: str) -> list[int]:
        return [row["id"] for row in as_customer.get(f"{API}{query}").json()["results"]]

    assert order("") == order("?ordering=-created_at") == [third, second, first]
    assert order("?ordering=created_at") == [first, second, third]
    assert order("?ordering=-is_default") == [first, third, second]
    assert order("?ordering=is_default") == [second, third, first]


@pytest.mark.parametrize("query", ["is_default=perhaps", "ordering=city", "ordering=-is_default,customer__email"])
def test_what_is_not_known_is_refused(as_customer: APIClient, query: str) -> None:
    assert as_customer.get(f"{API}?{query}").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"address_type": "holiday"},
        {"address_line1": ""},
        {"city": None},
        {"country": "x" * 101},
        {"phone": "12"},
        {"postal_code": "<script>"},
        {"is_default": "perhaps"},
    ],
)
def test_bad_values(as_customer: APIClient, change: dict[str, Any]) -> None:
    answer = as_customer.post(API, an_address(**change))

    assert (answer.status_code, list(answer.json())) == (400, list(change))
    assert not Address.objects.exists()


def test_events(as_customer: APIClient, customer: Customer) -> None:
    pk = made(as_customer)
    as_customer.patch(f"{API}{pk}/", {"city": "Boston"})
    as_customer.patch(f"{API}{pk}/", {"city": "Boston"})
    as_customer.post(f"{API}{pk}/set_default/")
    as_customer.delete(f"{API}{pk}/")

    assert list(Event.objects.filter(customer=customer).values_list("type", flat=True)) == ["customer_updated"] * 3
