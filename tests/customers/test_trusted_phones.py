"""Whose phone is whose: what staff enter is trusted, what customers enter about themselves waits as a claim."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from contacts.actions import create_contact
from customers.actions.registration import register
from customers.models import Customer, Event
from messaging.models import BusinessNumber
from tests.cast import ClientOf
from tests.customers.statements import without_values
from whatsapp.models import Identity

PROFILES = "/api/customers/customers"
DESK = "/api/customers"
CLAIMED = "+94770000001"
TAKEN = {"phone": ["A customer with this phone number already exists."]}


@pytest.fixture
def jane(db: None) -> Customer:
    """Registered with a phone of her own."""
    return register(username="jane", email="jane@example.com", password="SecureP@ssw0rd123!", phone=CLAIMED)


@pytest.fixture
def as_jane(jane: Customer, client_of: ClientOf) -> APIClient:
    assert jane.user is not None
    return client_of(jane.user)


def phone_of(customer: Customer) -> tuple[Any, ...]:
    """What is stored: the phone, whether it is trusted, whether staff vouched for it, and the claim."""
    customer.refresh_from_db()
    return customer.phone, customer.phone_trusted, customer.phone_vouched_at is not None, customer.pending_phone


def to_confirm(client: APIClient, customer: Customer) -> Any:
    return client.get(f"{PROFILES}/{customer.pk}/").json()["phone_to_confirm"]


def shown(client: APIClient, customer: Customer) -> tuple[Any, Any]:
    profile = client.get(f"{PROFILES}/{customer.pk}/").json()
    return profile["phone"], profile["phone_verified"]


class TestWhatCustomersEnter:
    @pytest.mark.parametrize("path", ["update_profile/", "{id}/"])
    @pytest.mark.parametrize("number", ["0771234567", "0779999999"])
    def test_it_waits_and_does_not_tell_whether_it_is_known(
        self, as_jane: APIClient, jane: Customer, customer: Customer, path: str, number: str
    ) -> None:
        answer = as_jane.patch(f"{PROFILES}/{path.format(id=jane.pk)}", {"phone": number})

        assert (answer.status_code, answer.json()["phone"]) == (200, f"+94{number[1:]}")
        assert answer.json()["phone_verified"] is False
        assert phone_of(jane) == (None, True, False, f"+94{number[1:]}")
        assert phone_of(customer) == ("+94771234567", True, False, "")

    def test_it_does_not_replace_what_is_trusted(
        self, as_customer: APIClient, as_admin: APIClient, as_owner: APIClient, customer: Customer
    ) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone_verified=True)

        as_customer.patch(f"{PROFILES}/update_profile/", {"phone": CLAIMED})

        assert phone_of(customer) == ("+94771234567", True, False, CLAIMED)
        assert shown(as_customer, customer) == (CLAIMED, False)
        assert shown(as_owner, customer) == shown(as_admin, customer) == ("+94771234567", True)
        assert as_owner.get(f"{DESK}/{customer.pk}/").json()["phone"] == "+94771234567"

    @pytest.mark.parametrize("spelling", ["077 123 4567", "+94 (0)77 123 4567"])
    def test_the_trusted_phone_in_any_spelling_takes_a_claim_back(
        self, as_customer: APIClient, customer: Customer, spelling: str
    ) -> None:
        as_customer.patch(f"{PROFILES}/update_profile/", {"phone": CLAIMED})

        assert as_customer.patch(f"{PROFILES}/update_profile/", {"phone": spelling}).json()["phone"] == "+94771234567"
        assert phone_of(customer) == ("+94771234567", True, False, "")

    @pytest.mark.parametrize("nothing", ["", None])
    def test_none_at_all_clears_claim_and_phone(
        self, as_customer: APIClient, customer: Customer, nothing: str | None
    ) -> None:
        as_customer.patch(f"{PROFILES}/update_profile/", {"phone": CLAIMED})

        answer = as_customer.patch(f"{PROFILES}/update_profile/", {"phone": nothing})

        assert (answer.status_code, answer.json()["phone"], answer.json()["phone_verified"]) == (200, None, False)
        assert phone_of(customer) == (None, True, False, "")

    def test_a_profile_sent_back_changes_nothing(self, as_jane: APIClient, jane: Customer) -> None:
        events = Event.objects.filter(customer=jane).count()

        assert as_jane.put(f"{PROFILES}/{jane.pk}/", as_jane.get(f"{PROFILES}/me/").json()).status_code == 200

        assert phone_of(jane) == (None, True, False, CLAIMED)
        assert Event.objects.filter(customer=jane).count() == events


def asked(client: APIClient, method: str, path: str, body: dict[str, Any]) -> tuple[Any, ...]:
    """The status, the keys of the answer, and the statements behind it without their values."""
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(client, method)(path, body)
    return (
        answer.status_code,
        sorted(answer.json().get("data", answer.json())),
        without_values(queries),
    )


@pytest.mark.parametrize("kind", ["update_profile", "contacts"])
def test_the_work_behind_an_answer_does_not_tell_whether_a_number_is_known(
    kind: str, as_jane: APIClient, jane: Customer, customer: Customer, admin: User
) -> None:
    """A chat customer has the first number, a registered one the second, a contact the third, nobody the others."""
    registered = User.objects.create_user("r", "r@example.com", "x", role="customer")
    Customer.objects.create(user=registered, phone="+94770000005", phone_verified=True)
    numbers = {"wa_number": "+94770000006", "tp_number": "+94770000006"}
    create_contact(
        actor=admin,
        fields={"customer": customer.pk, "email": "c@example.com", "is_primary": False, "is_active": True, **numbers},
    )
    answers = []
    for number, phone in enumerate(("+94771234567", "+94770000005", "+94770000006", "+94770000007", "+94770000008")):
        if kind == "update_profile":
            answers.append(asked(as_jane, "patch", f"{PROFILES}/update_profile/", {"phone": phone}))
        else:
            body = {"customer": jane.pk, "email": f"{number}@example.com", "wa_number": phone, "tp_number": phone}
            answers.append(asked(as_jane, "post", "/api/contacts/", body))

    assert answers[0][0] in (200, 201)
    assert all(answer == answers[0] for answer in answers)


class TestWhatStaffEnter:
    def test_creating_vouches(self, as_owner: APIClient, as_admin: APIClient) -> None:
        for client, number in ((as_owner, "0770000002"), (as_admin, "0770000003")):
            pk = client.post(f"{DESK}/", {"name": "New", "phone": number}).json()["id"]
            assert phone_of(Customer.objects.get(pk=pk)) == (f"+94{number[1:]}", True, True, "")

    @pytest.mark.parametrize("path", [DESK, PROFILES])
    def test_saving_vouches_and_settles_a_claim(self, as_admin: APIClient, jane: Customer, path: str) -> None:
        answer = as_admin.patch(f"{path}/{jane.pk}/", {"phone": CLAIMED})

        assert (answer.status_code, answer.json()["phone"]) == (200, CLAIMED)
        assert phone_of(jane) == (CLAIMED, True, True, "")

    def test_a_phone_that_is_trusted_stays_as_it_is(self, as_admin: APIClient, customer: Customer) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone="+940771234567", pending_phone=CLAIMED)

        for phone in ("+940771234567", "0771234567"):
            assert as_admin.patch(f"{DESK}/{customer.pk}/", {"phone": phone}).status_code == 200
        assert phone_of(customer) == ("+940771234567", True, False, CLAIMED)
        assert not Event.objects.filter(customer=customer).exists()

    def test_a_row_sent_back_by_sales_vouches_for_nothing(self, as_owner: APIClient, customer: Customer) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone_trusted=False)
        row = as_owner.get(f"{DESK}/{customer.pk}/").json()

        assert as_owner.put(f"{DESK}/{customer.pk}/", {**row, "notes": "Called."}).status_code == 200

        assert phone_of(customer) == ("+94771234567", False, False, "")

    def test_taken_is_refused(self, as_admin: APIClient, as_owner: APIClient, customer: Customer) -> None:
        other = Customer.objects.create(first_name="Other")

        for answer in (
            as_admin.patch(f"{DESK}/{other.pk}/", {"phone": "0771234567"}),
            as_admin.patch(f"{PROFILES}/{other.pk}/", {"phone": "0771234567"}),
            as_admin.post(f"{DESK}/", {"name": "New", "phone": "0771234567"}),
            as_owner.post(f"{DESK}/", {"name": "New", "phone": "0771234567"}),
        ):
            assert (answer.status_code, answer.json()) == (400, TAKEN)
        assert phone_of(other) == (None, True, False, "")
        assert Customer.objects.count() == 2

    @pytest.mark.parametrize(
        ("held", "entered"), [("+5511987654321", "+551187654321"), ("+525512345678", "+5215512345678")]
    )
    def test_taken_in_another_spelling_of_whatsapp(self, as_admin: APIClient, held: str, entered: str) -> None:
        holder = Customer.objects.create(phone=held)
        other = Customer.objects.create(first_name="Other")

        assert as_admin.patch(f"{DESK}/{other.pk}/", {"phone": entered}).json() == TAKEN
        assert as_admin.patch(f"{DESK}/{holder.pk}/", {"phone": entered}).json()["phone"] == entered

    def test_a_number_from_which_somebody_else_writes_is_taken(
        self, as_admin: APIClient, as_owner: APIClient, customer: Customer
    ) -> None:
        """Their own phone may be another one: a contact wrote, or staff corrected it."""
        number = BusinessNumber.objects.create(external_id="1")
        Identity.objects.create(customer=customer, business_number=number, wa_id="94770000009")
        other = Customer.objects.create(first_name="Other")

        for answer in (
            as_admin.patch(f"{DESK}/{other.pk}/", {"phone": "0770000009"}),
            as_admin.patch(f"{PROFILES}/{other.pk}/", {"phone": "0770000009"}),
            as_owner.post(f"{DESK}/", {"name": "New", "phone": "0770000009"}),
        ):
            assert (answer.status_code, answer.json()) == (400, TAKEN)
        assert as_admin.patch(f"{DESK}/{customer.pk}/", {"phone": "0770000009"}).status_code == 200

    def test_a_claim_and_a_phone_that_is_not_trusted_stand_in_nobodys_way(
        self, as_admin: APIClient, jane: Customer, customer: Customer
    ) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone_trusted=False)

        for phone in (CLAIMED, "+94771234567"):
            answer = as_admin.post(f"{DESK}/", {"name": "New", "phone": phone})
            assert (answer.status_code, answer.json()["phone"]) == (201, phone)

    def test_a_row_merged_into_a_customer_keeps_its_phone_for_them(
        self, as_admin: APIClient, customer: Customer
    ) -> None:
        gone = Customer.objects.create(phone="+94770000008")
        Customer.objects.filter(pk=gone.pk).update(merged_into=customer)
        other = Customer.objects.create(first_name="Other")

        assert as_admin.patch(f"{DESK}/{customer.pk}/", {"phone": "0770000008"}).status_code == 200
        assert phone_of(customer) == ("+94770000008", True, True, "")
        assert as_admin.patch(f"{DESK}/{other.pk}/", {"phone": "0770000008"}).json() == TAKEN


class TestConfirming:
    def url(self, customer: Customer) -> str:
        return f"{DESK}/{customer.pk}/confirm-phone/"

    @pytest.fixture
    def claims(self, customer: Customer, customer_login: User) -> Customer:
        """`customer`, who claims another phone than the trusted one."""
        Customer.objects.filter(pk=customer.pk).update(pending_phone=CLAIMED, phone_verified=True)
        return customer

    def test_a_claim_becomes_the_phone(
        self, as_owner: APIClient, as_customer: APIClient, owner: User, claims: Customer
    ) -> None:
        assert to_confirm(as_owner, claims) == CLAIMED

        answer = as_owner.post(self.url(claims))

        assert answer.status_code == 200, answer.json()
        assert answer.json() == as_owner.get(f"{DESK}/{claims.pk}/").json()
        assert answer.json()["phone"] == CLAIMED
        assert phone_of(claims) == (CLAIMED, True, True, "")
        assert to_confirm(as_owner, claims) is None
        assert shown(as_customer, claims) == (CLAIMED, False)
        event = Event.objects.get()
        assert (event.type, event.actor, event.data["phone"]) == ("customer_updated", owner, CLAIMED)

    def test_a_phone_is_trusted_again(self, as_admin: APIClient, customer: Customer) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone_trusted=False)
        assert shown(as_admin, customer) == ("+94771234567", False)
        assert to_confirm(as_admin, customer) == "+94771234567"

        assert as_admin.post(self.url(customer)).status_code == 200

        assert phone_of(customer) == ("+94771234567", True, True, "")

    def test_what_staff_see_when_no_phone_is_trusted(
        self, as_admin: APIClient, as_owner: APIClient, claims: Customer, jane: Customer
    ) -> None:
        """The profile shows what would be confirmed."""
        Customer.objects.filter(pk=claims.pk).update(phone_trusted=False)

        assert shown(as_owner, claims) == (CLAIMED, False)
        assert shown(as_admin, jane) == (CLAIMED, False)
        assert as_admin.get(f"{DESK}/{jane.pk}/").json()["phone"] is None
        assert as_owner.post(self.url(claims)).json()["phone"] == CLAIMED

    def test_nothing_to_confirm(self, as_owner: APIClient, customer: Customer) -> None:
        assert to_confirm(as_owner, customer) is None

        answer = as_owner.post(self.url(customer))

        assert (answer.status_code, answer.json()) == (400, {"phone": ["There is no phone number to confirm."]})
        assert phone_of(customer) == ("+94771234567", True, False, "")
        assert not Event.objects.exists()

    @pytest.mark.parametrize("held_as", ["phone", "identity"])
    def test_somebody_else_has_it(self, as_owner: APIClient, claims: Customer, held_as: str) -> None:
        holder = Customer.objects.create(phone=CLAIMED if held_as == "phone" else None)
        if held_as == "identity":
            number = BusinessNumber.objects.create(external_id="1")
            Identity.objects.create(customer=holder, business_number=number, wa_id=CLAIMED[1:])

        answer = as_owner.post(self.url(claims))

        assert (answer.status_code, answer.json()) == (400, TAKEN)
        assert phone_of(claims) == ("+94771234567", True, False, CLAIMED)
        assert not Event.objects.exists()

    @pytest.mark.parametrize(("client", "status"), [("as_stranger", 404), ("as_customer", 403), ("anonymous", 401)])
    def test_who_may_not(self, request: pytest.FixtureRequest, claims: Customer, client: str, status: int) -> None:
        assert request.getfixturevalue(client).post(self.url(claims)).status_code == status
        assert phone_of(claims) == ("+94771234567", True, False, CLAIMED)
