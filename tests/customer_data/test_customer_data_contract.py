"""The seven calls of the customer data document, bodies compared whole."""

import re
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from customer_data.models import CustomerData
from customers.models import Customer, Event
from tests.customer_data.uploads import DATA, PDF, Upload, a_file

DUPLICATE = "A data field with key 'birthday' already exists for this customer. Use PUT to update it."
NOTHING = {"non_field_errors": ["At least one of 'value' or 'file' must be provided."]}
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


@pytest.fixture
def birthday(as_owner: APIClient, customer: Customer) -> dict[str, Any]:
    response = as_owner.post(DATA, {"customer": customer.pk, "key": "birthday", "value": "1990-05-15"})
    assert response.status_code == 201
    body: dict[str, Any] = response.json()
    return body


def test_create_text_answers_the_whole_row(birthday: dict[str, Any], customer: Customer, owner: User) -> None:
    assert re.fullmatch(MOMENT, birthday["created_at"])
    assert birthday == {
        "id": birthday["id"],
        "customer": customer.pk,
        "user": owner.pk,
        "key": "birthday",
        "value": "1990-05-15",
        "file": None,
        "file_url": None,
        "file_name": None,
        "customer_name": "John Doe (@johndoe) | whatsapp",
        "created_at": birthday["created_at"],
        "updated_at": birthday["created_at"],
    }


def test_create_with_a_file(upload: Upload, customer: Customer, owner: User) -> None:
    row = upload("id_card.pdf", key="id_card", value="National ID Card")
    assert re.fullmatch(r"/media/customer_data/\d{4}/\d\d/\d\d/id_card\.pdf", row["file"])
    assert row["file_url"].startswith(f"http://testserver{row['file']}?session=")
    assert row == {
        "id": row["id"],
        "customer": customer.pk,
        "user": owner.pk,
        "key": "id_card",
        "value": "National ID Card",
        "file": row["file"],
        "file_url": row["file_url"],
        "file_name": "id_card.pdf",
        "customer_name": "John Doe (@johndoe) | whatsapp",
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


def test_a_file_alone_has_an_empty_value(upload: Upload) -> None:
    assert upload()["value"] == ""


def test_the_same_key_again_is_refused(as_owner: APIClient, birthday: dict[str, Any], customer: Customer) -> None:
    response = as_owner.post(DATA, {"customer": customer.pk, "key": "birthday", "value": "other"})
    assert response.status_code == 400
    assert response.json() == {"key": [DUPLICATE]}
    assert CustomerData.objects.get().value == "1990-05-15"


def test_two_users_and_two_customers_may_use_one_key(
    as_owner: APIClient, as_admin: APIClient, birthday: dict[str, Any], customer: Customer, owner: User
) -> None:
    other = Customer.objects.create(first_name="Jane", owner=owner)
    assert as_admin.post(DATA, {"customer": customer.pk, "key": "birthday", "value": "x"}).status_code == 201
    assert as_owner.post(DATA, {"customer": other.pk, "key": "birthday", "value": "x"}).status_code == 201


def test_neither_value_nor_file_is_refused(as_owner: APIClient, customer: Customer) -> None:
    for more in ({}, {"value": ""}, {"value": "  "}, {"value": None}, {"file": None}):
        response = as_owner.post(DATA, {"customer": customer.pk, "key": "empty", **more})
        assert (response.status_code, response.json()) == (400, NOTHING)
    assert not CustomerData.objects.exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"customer": ["This field is required."], "key": ["This field is required."]}),
        ({"key": ""}, {"customer": ["This field is required."], "key": ["This field may not be blank."]}),
        ({"customer": 10**20, "key": "k"}, {"customer": [f'Invalid pk "{10**20}" - object does not exist.']}),
        ({"customer": "x", "key": "k"}, {"customer": ["A valid integer is required."]}),
        ({"key": "k" * 256}, {"customer": ["This field is required."], "key": [...]}),
        ({"customer": [1], "key": {"a": 1}}, {"customer": ["A valid integer is required."], "key": [...]}),
    ],
)
def test_bad_bodies_are_told_what_is_wrong(as_owner: APIClient, body: dict[str, Any], errors: dict[str, Any]) -> None:
    response = as_owner.post(DATA, {"value": "v", **body})
    assert response.status_code == 400
    found = response.json()
    assert found.keys() == errors.keys()
    assert all(expected == [...] or found[field] == expected for field, expected in errors.items())


def test_a_file_in_json_is_refused(as_owner: APIClient, customer: Customer) -> None:
    response = as_owner.post(DATA, {"customer": customer.pk, "key": "k", "value": "v", "file": "a.pdf"})
    assert response.status_code == 400
    assert list(response.json()) == ["file"]


def test_one_entry_is_shown_as_in_the_list(as_owner: APIClient, birthday: dict[str, Any]) -> None:
    assert as_owner.get(f"{DATA}{birthday['id']}/").json() == birthday
    assert as_owner.get(DATA).json() == [birthday]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_part_can_be_changed(as_owner: APIClient, birthday: dict[str, Any], method: str) -> None:
    response = getattr(as_owner, method)(f"{DATA}{birthday['id']}/", {"value": "1991-05-15"})
    assert response.status_code == 200
    changed = response.json()
    assert changed["updated_at"] > birthday["updated_at"]
    assert changed == {**birthday, "value": "1991-05-15", "updated_at": changed["updated_at"]}
    renamed = getattr(as_owner, method)(f"{DATA}{birthday['id']}/", {"key": "born"}, format="multipart").json()
    assert renamed == {**changed, "key": "born", "updated_at": renamed["updated_at"]}


def test_a_row_sent_back_as_it_is_changes_nothing(as_owner: APIClient, birthday: dict[str, Any]) -> None:
    response = as_owner.put(f"{DATA}{birthday['id']}/", birthday)
    assert response.status_code == 200
    assert response.json() == {**birthday, "updated_at": response.json()["updated_at"]}


def test_the_customer_of_an_entry_stays(as_owner: APIClient, birthday: dict[str, Any], owner: User) -> None:
    other = Customer.objects.create(first_name="Jane", owner=owner)
    as_owner.put(f"{DATA}{birthday['id']}/", {"customer": other.pk, "user": 1, "value": "x"})
    entry = CustomerData.objects.get()
    assert (entry.customer_id, entry.user_id) == (birthday["customer"], owner.pk)


def test_renaming_to_a_key_that_exists_is_refused(
    as_owner: APIClient, birthday: dict[str, Any], customer: Customer
) -> None:
    other = as_owner.post(DATA, {"customer": customer.pk, "key": "email", "value": "a@b.example"}).json()
    response = as_owner.put(f"{DATA}{other['id']}/", {"key": "birthday"})
    assert (response.status_code, response.json()) == (400, {"key": [DUPLICATE]})
    assert as_owner.put(f"{DATA}{other['id']}/", {"key": "email"}).status_code == 200
    assert CustomerData.objects.get(pk=other["id"]).key == "email"


def test_a_file_is_added_replaced_and_removed(as_owner: APIClient, birthday: dict[str, Any]) -> None:
    path = f"{DATA}{birthday['id']}/"
    added = as_owner.put(path, {"file": a_file("a.pdf")}, format="multipart").json()
    assert (added["value"], added["file_name"]) == ("1990-05-15", "a.pdf")
    replaced = as_owner.put(path, {"file": a_file("b.pdf"), "remove_file": "true"}, format="multipart").json()
    assert replaced["file_name"] == "b.pdf"
    kept = as_owner.put(path, {"value": "v", "file": None, "remove_file": False}).json()
    assert kept["file"] == replaced["file"]
    removed = as_owner.put(path, {"remove_file": True}).json()
    assert (removed["file"], removed["file_url"], removed["file_name"]) == (None, None, None)


def test_an_update_may_not_leave_nothing(as_owner: APIClient, birthday: dict[str, Any], upload: Upload) -> None:
    response = as_owner.put(f"{DATA}{birthday['id']}/", {"value": ""})
    assert (response.status_code, response.json()) == (400, NOTHING)
    row = upload()
    response = as_owner.put(f"{DATA}{row['id']}/", {"remove_file": True})
    assert (response.status_code, response.json()) == (400, NOTHING)
    assert as_owner.get(f"{DATA}{row['id']}/").json()["file"] == row["file"]
    assert as_owner.put(f"{DATA}{row['id']}/", {"remove_file": True, "value": "v"}).status_code == 200


def test_delete_names_the_key(as_owner: APIClient, upload: Upload) -> None:
    row = upload(key="id_card")
    response = as_owner.delete(f"{DATA}{row['id']}/")
    assert response.status_code == 200
    assert response.json() == {"message": "Customer data 'id_card' deleted successfully", "deleted_key": "id_card"}
    assert as_owner.get(f"{DATA}{row['id']}/").status_code == 404
    assert as_owner.delete(f"{DATA}{row['id']}/").status_code == 404


def test_bulk_delete_counts_ones_own(as_owner: APIClient, as_admin: APIClient, customer: Customer) -> None:
    ids = [as_owner.post(DATA, {"customer": customer.pk, "key": f"k{n}", "value": "v"}).json()["id"] for n in range(3)]
    foreign = as_admin.post(DATA, {"customer": customer.pk, "key": "k", "value": "v"}).json()["id"]
    response = as_owner.post(f"{DATA}bulk-delete/", {"data_ids": [*ids, ids[0], foreign, 999_999]})
    assert response.status_code == 200
    assert response.json() == {"message": "Successfully deleted 3 customer data item(s)", "deleted_count": 3}
    assert [entry.pk for entry in CustomerData.objects.all()] == [foreign]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "This field is required."),
        ({"data_ids": None}, "This field may not be null."),
        ({"data_ids": []}, "This list may not be empty."),
        ({"data_ids": 5}, 'Expected a list of items but got type "int".'),
        ({"data_ids": [1, "x"]}, "data_ids must be a list of integers."),
        ({"data_ids": [True]}, "data_ids must be a list of integers."),
        ({"data_ids": [[1]]}, "data_ids must be a list of integers."),
        ({"data_ids": list(range(1001))}, "Ensure this field has no more than 1000 elements."),
    ],
)
def test_bulk_delete_wants_a_list_of_integers(
    as_owner: APIClient, birthday: dict[str, Any], body: dict[str, Any], text: str
) -> None:
    response = as_owner.post(f"{DATA}bulk-delete/", body)
    assert (response.status_code, response.json()) == (400, {"data_ids": [text]})
    assert CustomerData.objects.exists()


def test_bulk_delete_of_huge_ids_finds_nothing(as_owner: APIClient) -> None:
    response = as_owner.post(f"{DATA}bulk-delete/", {"data_ids": [10**30, -1]})
    assert (response.status_code, response.json()["deleted_count"]) == (200, 0)


def test_every_change_is_an_event_that_says_nothing_of_the_entry(
    as_owner: APIClient, upload: Upload, customer: Customer, owner: User
) -> None:
    row = upload("secret-name.pdf", key="secret-key", value="secret-value")
    as_owner.put(f"{DATA}{row['id']}/", {"value": "secret-too"})
    as_owner.delete(f"{DATA}{row['id']}/")
    events = Event.objects.filter(customer=customer)
    assert [event.type for event in events.order_by("seq")] == ["customer_updated"] * 3
    assert {event.actor_id for event in events} == {owner.pk}
    assert not any("secret" in str(event.data) for event in events)


def test_a_large_value_comes_back_as_it_was(as_owner: APIClient, customer: Customer) -> None:
    value = "ශ්‍රී \r\n<b>" * 1000
    for form in ("json", "multipart"):
        row = as_owner.post(DATA, {"customer": customer.pk, "key": form, "value": value}, format=form).json()
        assert row["value"] == value


def test_the_documented_pdf_comes_back(as_owner: APIClient, upload: Upload) -> None:
    row = upload()
    response = as_owner.get(row["file"])
    assert b"".join(response.streaming_content) == PDF
