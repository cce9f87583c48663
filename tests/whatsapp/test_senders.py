"""Finding the customer behind a sender."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from customers.models import Assignment, Customer
from messaging.models import BusinessNumber, Conversation, Message
from tests.webhooks import PHONE_NUMBER_ID, change, envelope, says, settle, status, text
from whatsapp import personal_data
from whatsapp.models import Identity, WebhookEvent
from whatsapp.webhook import queue

pytestmark = pytest.mark.django_db

PHONES = {
    "brazil without the ninth digit": ("+5511987654321", "551187654321"),
    "brazil with the ninth digit": ("+551187654321", "5511987654321"),
    "mexico with 1": ("+525512345678", "5215512345678"),
    "mexico without 1": ("+5215512345678", "525512345678"),
    "argentina with 9": ("+541112345678", "5491112345678"),
    "argentina without 9": ("+5491112345678", "541112345678"),
    "the same": ("+94771234567", "94771234567"),
}


@pytest.mark.parametrize(("phone", "wa_id"), PHONES.values(), ids=PHONES.keys())
def test_a_customer_on_file_is_found_by_phone(post: Any, phone: str, wa_id: str) -> None:
    known = Customer.objects.create(first_name="Known", phone=phone)
    post(says(text("wamid.1", wa_id=wa_id)))
    assert Message.objects.get().customer == known
    assert Customer.objects.get().phone == phone, "the number on file is not 'fixed'"
    assert Identity.objects.get().wa_id == wa_id


def test_the_exact_number_wins_over_a_variant(post: Any) -> None:
    Customer.objects.create(first_name="Variant", phone="+525512345678")
    exact = Customer.objects.create(first_name="Exact", phone="+5215512345678")
    post(says(text("wamid.1", wa_id="5215512345678")))
    assert Message.objects.get().customer == exact


def test_the_identity_counts_when_the_phone_has_changed(post: Any) -> None:
    post(says(text("wamid.1")))
    Customer.objects.update(phone="+15550001111")
    post(says(text("wamid.2")))
    assert Customer.objects.count() == 1
    assert Message.objects.count() == 2


def test_the_same_person_on_another_number_of_ours(post: Any) -> None:
    first, second = says(text("wamid.1")), says(text("wamid.2"))
    second["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(first)
    post(second)
    assert Customer.objects.count() == 1
    assert Identity.objects.count() == BusinessNumber.objects.count() == 2


def test_a_message_that_comes_late_does_not_move_the_chat(post: Any) -> None:
    delayed, second = says(text("wamid.1", at=1763700000)), says(text("wamid.2", at=1763700100))
    second["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    post(second)
    post(delayed)
    chat = Conversation.objects.get()
    assert (chat.business_number.external_id, chat.unread_count) == ("999", 2)
    post(says(text("wamid.3", at=1763700200)))
    chat.refresh_from_db()
    assert chat.business_number.external_id == PHONE_NUMBER_ID


class TestBothIds:
    USER_ID = "LK.13491208655302741918"

    def contact(self, **ids: str) -> list[dict[str, Any]]:
        return [{"profile": {"name": "Jo"}, **ids}]

    def test_the_user_id_is_learned_later(self, post: Any) -> None:
        post(says(text("wamid.1")))
        post(says(text("wamid.2"), contacts=self.contact(wa_id="94771234567", user_id=self.USER_ID)))
        identity = Identity.objects.get()
        assert (identity.wa_id, identity.user_id, identity.profile_name) == ("94771234567", self.USER_ID, "Jo")
        hidden = {**text("wamid.3"), "from_user_id": self.USER_ID}
        del hidden["from"]
        post(says(hidden))
        assert Customer.objects.count() == 1
        assert Message.objects.count() == 3

    def test_the_phone_is_learned_later(self, post: Any) -> None:
        post(says({**text("wamid.1"), "from": self.USER_ID}))
        assert Customer.objects.get().phone is None
        post(says({**text("wamid.2"), "from_user_id": self.USER_ID}))
        assert Customer.objects.count() == 1
        assert Identity.objects.get().wa_id == "94771234567"

    def test_two_identities_of_different_people_stay_apart(self, post: Any) -> None:
        post(says({**text("wamid.1"), "from": self.USER_ID}))
        post(says(text("wamid.2")))
        assert post(says({**text("wamid.3"), "from_user_id": self.USER_ID})).status_code == 200
        assert WebhookEvent.objects.filter(state="done").count() == 3
        assert Message.objects.get(wamid="wamid.3").customer == Message.objects.get(wamid="wamid.2").customer

    def test_each_sender_of_a_batch_gets_their_own_name(self, post: Any) -> None:
        contacts = [{"wa_id": f"9477000000{n}", "profile": {"name": f"Person {n}"}} for n in range(3)]
        post(says(*(text(f"wamid.{n}", wa_id=f"9477000000{n}") for n in (2, 0, 1)), contacts=contacts))
        names = Customer.objects.order_by("phone").values_list("last_name", flat=True)
        assert list(names) == ["0", "1", "2"]

    @pytest.mark.parametrize("poison", ["\x00", "\ud800", "\udfff\x00"])
    def test_a_name_that_cannot_be_stored_costs_no_message(self, post: Any, poison: str) -> None:
        profile = {"name": f"Jo{poison} Doe", "username": f"@jo{poison}", "more": poison}
        post(says(text("wamid.1"), contacts=[{"wa_id": "94771234567", "profile": profile}]))
        assert WebhookEvent.objects.get().state == "done"
        person = Message.objects.get().customer
        assert (person.first_name, person.last_name, person.username) == ("Jo", "Doe", "jo")
        assert Identity.objects.get().profile_name == "Jo Doe"

    @pytest.mark.parametrize("name", ["\u3164", "\u200e\u2800 \u2060"])
    def test_a_name_that_shows_nothing_is_none(self, post: Any, name: str) -> None:
        profile = {"name": name}
        post(says(text("wamid.1"), contacts=[{"wa_id": "94771234567", "profile": profile}]))
        assert (Customer.objects.get().name, Identity.objects.get().profile_name) == ("+94771234567", "")
        profile["name"] = "Nimal Perera"
        post(says(text("wamid.2"), contacts=[{"wa_id": "94771234567", "profile": profile}]))
        assert Customer.objects.get().name == Identity.objects.get().profile_name == "Nimal Perera"

    @pytest.mark.parametrize("wa_id", ["12345", "1" * 16])
    def test_an_id_that_is_no_storable_phone(self, post: Any, wa_id: str) -> None:
        post(says(text("wamid.1", wa_id=wa_id)))
        assert Customer.objects.get().phone is None
        assert Identity.objects.get().wa_id == wa_id


class TestOwner:
    def test_a_new_customer_goes_to_a_salesperson(self, post: Any, owner: User) -> None:
        post(says(text("wamid.1")))
        assert Customer.objects.get().owner == owner
        assert Assignment.objects.open().count() == 1

    def test_round_robin(self, post: Any, owner: User, stranger: User) -> None:
        for n in range(4):
            post(says(text(f"wamid.{n}", wa_id=f"9477000000{n}")))
        assert Customer.objects.filter(owner=owner).count() == Customer.objects.filter(owner=stranger).count() == 2

    def test_a_customer_of_somebody_inactive_is_handed_on(
        self, post: Any, customer: Customer, owner: User, stranger: User
    ) -> None:
        post(says(text("wamid.1")))
        User.objects.filter(pk=owner.pk).update(is_active=False)
        post(says(text("wamid.2")))
        customer.refresh_from_db()
        assert customer.owner == stranger

    def test_an_active_owner_keeps_the_customer(
        self, post: Any, customer: Customer, owner: User, stranger: User
    ) -> None:
        for n in range(3):
            post(says(text(f"wamid.{n}")))
        customer.refresh_from_db()
        assert customer.owner == owner
        assert Message.objects.filter(customer=customer).count() == 3
        assert not Assignment.objects.exists()

    def test_nobody_there(self, post: Any) -> None:
        post(says(text("wamid.1")))
        assert Customer.objects.get().owner is None


class TestWhomABodySpokeOf:
    def test_messages_and_statuses_link_to_the_customer(self, post: Any, customer: Customer) -> None:
        post(says(text("wamid.1")))
        post(says(statuses=[status("wamid.out", "read")]))
        post(says(text("wamid.2", wa_id="15550001111")))
        assert customer.webhook_events.count() == 2

    def test_erasing_blanks_the_bodies(self, post: Any, customer: Customer) -> None:
        post(says(text("wamid.1")))
        post(says(text("wamid.2", wa_id="15550001111")))
        for keeper in personal_data.KEEPERS:
            keeper.erase(customer)
        mine, other = WebhookEvent.objects.order_by("pk")
        assert (bytes(mine.body), mine.state, mine.error) == (b"{}", "done", "")
        assert b"15550001111" in bytes(other.body)


def together(count: int, act: Callable[[int], None]) -> list[BaseException]:
    """Run `act(0)` to `act(count - 1)` at the same moment; return what they raised."""
    barrier, raised = threading.Barrier(count), []

    def run(n: int) -> None:
        try:
            barrier.wait()
            act(n)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def post_all(self, post: Any, bodies: list[Any]) -> list[int]:
        answers: list[int] = []
        assert together(len(bodies), lambda n: answers.append(post(bodies[n]).status_code)) == []
        settle()
        return answers

    @pytest.mark.parametrize("sender", ["94771234567", "LK.13491208655302741918"])
    def test_eight_first_messages_make_one_customer(self, post: Any, owner: User, sender: str) -> None:
        for turn in range(5):
            bodies = [says(text(f"wamid.{turn}.{n}", wa_id=sender)) for n in range(8)]
            assert self.post_all(post, bodies) == [200] * 8
            assert set(WebhookEvent.objects.values_list("state", "error")) == {("done", "")}
            assert Customer.objects.count() == Identity.objects.count() == 1
            assert Message.objects.count() == 8
            assert Assignment.objects.open().count() == 1
            customer = Customer.objects.get()
            assert list(customer.events.order_by("seq").values_list("seq", flat=True)) == list(
                range(1, customer.last_seq + 1)
            )
            customer.delete()

    def test_first_messages_of_eight_people_at_once(self, post: Any, owner: User, stranger: User) -> None:
        bodies = [says(text(f"wamid.{n}", wa_id=f"9477000000{n}")) for n in range(8)]
        assert self.post_all(post, bodies) == [200] * 8
        assert set(WebhookEvent.objects.values_list("state", "error")) == {("done", "")}
        assert Customer.objects.count() == 8
        assert Customer.objects.filter(owner=owner).count() == 4

    def test_five_copies_of_each_message(self, post: Any) -> None:
        bodies = [says(text(f"wamid.{n % 4}", wa_id=f"9477000000{n % 2}")) for n in range(20)]
        assert self.post_all(post, bodies) == [200] * 20
        assert set(WebhookEvent.objects.values_list("state", "error")) == {("done", "")}
        assert Message.objects.count() == 4

    def test_a_lock_held_too_long_is_503_and_no_hanging(self, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite has one writer")
        monkeypatch.setattr(queue, "STORE_PATIENCE_SECONDS", 0.2)
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                held.set()
                done.wait(10)
                cursor.execute("ROLLBACK")
            connections.close_all()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        try:
            assert post(says(text("wamid.1"))).status_code == 503
        finally:
            done.set()
            holder.join()
        assert post(says(text("wamid.1"))).status_code == 200
        assert Message.objects.count() == 1


USER_ID = "US.13491208655302741918"


@pytest.fixture
def written_to(customer: Customer, number: BusinessNumber) -> Message:
    """A message of ours to a customer who never wrote."""
    return Message.objects.create(
        customer=customer,
        business_number=number,
        direction="outbound",
        status="sent",
        type="template",
        wamid="wamid.out",
    )


def reached(**more: Any) -> dict[str, Any]:
    return envelope(change(statuses=[status("wamid.out", "delivered", recipient_user_id=USER_ID, **more)]))


def test_who_was_written_to_may_answer_with_the_phone_hidden(post: Any, written_to: Message) -> None:
    post(reached())
    answer = text("wamid.in") | {"from_user_id": USER_ID}
    del answer["from"]

    post(says(answer))

    assert Message.objects.get(wamid="wamid.in").customer == written_to.customer
    assert Identity.objects.get().wa_id == "94771234567"


def test_an_id_of_somebody_else_or_of_a_contact_is_not_learnt(post: Any, written_to: Message) -> None:
    other = Customer.objects.create(first_name="Other")
    known = Identity.objects.create(customer=other, business_number=written_to.business_number, user_id=USER_ID)
    post(reached())
    assert Identity.objects.get() == known

    known.delete()
    Message.objects.update(to_number="+94771234567", status="sent")
    post(envelope(change(statuses=[status("wamid.out", "read", recipient_user_id=USER_ID)])))
    assert not Identity.objects.exists()


def test_a_time_to_come_opens_no_longer_window(post: Any, as_admin: Any) -> None:
    """Nor does it keep the desk from being listed."""
    post(says(text("wamid.1", at=253402300799)))

    (row,) = as_admin.get("/api/customers/").json()["results"]

    assert row["last_message"]["created_at"] == "9999-12-31T23:59:59Z"
    expires = datetime.fromisoformat(row["window_expires_at"])
    assert expires - timezone.now() <= timedelta(hours=24)
