"""What is learned about a person's ids, username and name, wherever Meta says it."""

from typing import Any

import pytest

from accounts.models import User
from contacts.models import Contact
from customers.models import Customer
from messaging.models import BusinessNumber, Conversation, Message
from tests.graph_double import GraphDouble
from tests.webhooks import change, envelope, says, status, text
from whatsapp.channel import WhatsApp
from whatsapp.graph.recipients import recipient_of
from whatsapp.models import Identity, WebhookEvent

pytestmark = pytest.mark.django_db

PHONE, ID1, ID2, PARENT = "94771234567", "LK.Ann1", "LK.Ann2", "LK.ENT.Ann"


@pytest.fixture(autouse=True)
def _everything_is_handled(db: None) -> Any:
    yield
    assert set(WebhookEvent.objects.values_list("state", "error")) <= {("done", "")}


def message(wamid: str, **ids: Any) -> dict[str, Any]:
    """A text with these ids and no others."""
    item = text(wamid) | ids
    return item if "from" in ids else {name: value for name, value in item.items() if name != "from"}


def contact(name: str = "Ann Lee", username: str = "", **ids: str) -> dict[str, Any]:
    return {"profile": {"name": name, **({"username": username} if username else {})}, **ids}


def send_and_learn(sent: Message) -> str:
    transport = WhatsApp.transport(sent.business_number)
    wamid = transport.send(sent)
    transport.learn()
    return wamid


def template_to(customer: Customer) -> dict[str, str | None]:
    return recipient_of(Message(customer=customer, business_number=BusinessNumber.objects.get(), type="template"))


def everybody() -> list[dict[str, Any]]:
    return list(Customer.objects.order_by("pk").values("pk", "phone"))


class TestIds:
    def test_a_known_phone_teaches_new_ids_and_all_of_them_stay_known(self, post: Any) -> None:
        for count, user_id in enumerate((ID1, ID2, "LK.Ann3")):
            post(says(message(f"wamid.{count}", **{"from": PHONE, "from_user_id": user_id})))
        customer = Customer.objects.get()
        for count, user_id in enumerate((ID2, "LK.Ann3", ID1)):
            post(says(message(f"wamid.hidden.{count}", from_user_id=user_id)))
        assert Customer.objects.get() == customer
        assert Message.objects.filter(customer=customer).count() == 6
        assert Identity.objects.get(wa_id=PHONE).user_id == "LK.Ann3"

    def test_the_newest_is_sent_to(self, post: Any) -> None:
        post(says(message("wamid.1", from_user_id=ID1, from_parent_user_id=PARENT)))
        post(says(message("wamid.2", from_user_id=ID2, from_parent_user_id=PARENT)))
        customer = Customer.objects.get()
        assert template_to(customer) == {"to": None, "recipient": ID2}
        post(says(text("wamid.3") | {"from_user_id": ID1, "timestamp": "1763700500"}))
        assert template_to(customer) == {"to": PHONE, "recipient": None}

    def test_the_parent_id_alone_names_somebody(self, post: Any) -> None:
        post(says(message("wamid.1", from_parent_user_id=PARENT)))
        customer = Customer.objects.get()
        assert template_to(customer) == {"to": None, "recipient": PARENT}
        assert Conversation.objects.get().last_address == PARENT
        post(says(message("wamid.2", from_user_id=ID1, from_parent_user_id=PARENT)))
        post(says(message("wamid.3", from_user_id=ID1)))
        assert Customer.objects.get() == customer
        assert template_to(customer) == {"to": None, "recipient": ID1}

    def test_a_parent_id_in_the_place_of_another_one(self, post: Any) -> None:
        post(says(message("wamid.1", **{"from": PARENT})))
        assert Identity.objects.values_list("wa_id", "user_id", "parent_user_id").get() == (None, None, PARENT)

    @pytest.mark.parametrize(
        ("ids", "contacts"),
        [
            ({}, [contact(wa_id=PHONE, user_id=ID1)]),
            ({"from": ""}, [contact(user_id=ID1)]),
            ({"from": PHONE}, [contact(user_id=ID1)]),
            ({"from": PHONE}, [contact(wa_id=PHONE, user_id=ID1)]),
            ({"from": PHONE}, [contact("Other", wa_id="94770000000"), contact(wa_id=PHONE, user_id=ID1)]),
            ({"from_parent_user_id": PARENT}, [contact(user_id=ID1, parent_user_id=PARENT)]),
        ],
    )
    def test_ids_that_stand_only_in_the_contacts(self, post: Any, ids: Any, contacts: Any) -> None:
        post(says(message("wamid.1", **ids), contacts=contacts))
        post(says(message("wamid.2", from_user_id=ID1)))
        customer = Customer.objects.get()
        assert customer.name == "Ann Lee"
        assert Message.objects.filter(customer=customer).count() == 2

    def test_a_contact_of_several_messages_is_nobody_by_chance(self, post: Any) -> None:
        post(
            says(
                message("wamid.1", **{"from": PHONE}),
                message("wamid.2", from_user_id=ID2),
                contacts=[contact(wa_id=PHONE)],
            )
        )
        assert Identity.objects.get(user_id=ID2).wa_id is None
        assert Customer.objects.count() == 2

    def test_an_id_of_somebody_else_is_not_taken(self, post: Any) -> None:
        post(says(message("wamid.1", from_user_id=ID1)))
        post(says(message("wamid.2", **{"from": PHONE})))
        before = everybody()
        post(says(message("wamid.3", **{"from": PHONE, "from_user_id": ID1})))
        post(says(message("wamid.4", from_user_id=ID1)))
        assert everybody() == before
        first, second = Message.objects.order_by("pk")[:2]
        assert Message.objects.get(wamid="wamid.3").customer == second.customer
        assert Message.objects.get(wamid="wamid.4").customer == first.customer

    def test_a_person_is_the_same_on_another_number_of_ours(self, post: Any) -> None:
        post(says(message("wamid.1", from_user_id=ID1)))
        elsewhere = says(message("wamid.2", from_user_id=ID1))
        elsewhere["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
        post(elsewhere)
        assert Customer.objects.count() == 1
        assert Identity.objects.count() == 2


class TestStatusesAndAnswers:
    @pytest.fixture
    def sent(self, customer: Customer, number: BusinessNumber) -> Message:
        values = {"direction": "outbound", "status": "sent", "type": "template", "wamid": "wamid.out"}
        template = {"name": "hi", "language": {"code": "en"}}
        return Message.objects.create(customer=customer, business_number=number, payload=template, **values)

    @pytest.mark.parametrize(
        ("more", "ids"),
        [
            ({"recipient_user_id": ID1}, {"from_user_id": ID1}),
            ({"recipient_id": "", "recipient_user_id": ID1}, {"from_user_id": ID1}),
            ({"recipient_parent_user_id": PARENT}, {"from_parent_user_id": PARENT}),
        ],
    )
    def test_ids_in_a_status(self, post: Any, sent: Message, more: dict[str, str], ids: dict[str, str]) -> None:
        post(envelope(change(statuses=[status("wamid.out", "delivered", **more)])))
        post(says(message("wamid.in", **ids)))
        assert Message.objects.get(wamid="wamid.in").customer == sent.customer
        assert Customer.objects.count() == 1

    def test_what_the_contacts_of_a_status_say(self, post: Any, sent: Message) -> None:
        Customer.objects.update(username="", first_name="", last_name="")
        known = contact("", "@ann", wa_id=PHONE, user_id=ID1)
        post(envelope(change(statuses=[status("wamid.out", "delivered")], contacts=[known])))
        identity, customer = Identity.objects.get(), Customer.objects.get()
        assert (identity.wa_id, identity.user_id, identity.username) == (PHONE, ID1, "ann")
        assert (identity.last_inbound_at, identity.proved) == (None, False)
        assert (customer.username, customer.first_name) == ("ann", "")

        later = contact("Ann Lee", "@anna", wa_id=PHONE, user_id=ID1)
        post(envelope(change(statuses=[status("wamid.out", "read")], contacts=[later])))
        customer.refresh_from_db()
        assert (customer.username, customer.first_name) == ("ann", "Ann")
        assert Identity.objects.get().username == "anna"

    def test_ids_in_the_answer_to_a_send(self, graph: GraphDouble, post: Any, sent: Message) -> None:
        graph.contact = {"wa_id": PHONE, "user_id": ID1}
        send_and_learn(sent)
        post(says(message("wamid.in", from_user_id=ID1)))
        assert Message.objects.get(wamid="wamid.in").customer == sent.customer

    @pytest.mark.parametrize("said", [[], None, "x", {"user_id": 7}, {"user_id": "LK.Somebody"}])
    def test_an_odd_answer_costs_nothing(self, graph: GraphDouble, sent: Message, said: Any) -> None:
        other = Customer.objects.create(first_name="Other")
        Identity.objects.create(customer=other, business_number=sent.business_number, user_id="LK.Somebody")
        graph.contact = said
        assert send_and_learn(sent).startswith("wamid.")
        assert Identity.objects.count() == 1

    def test_nothing_is_learned_of_a_contact(self, graph: GraphDouble, sent: Message) -> None:
        graph.contact = {"wa_id": "94770000000", "user_id": ID1}
        sent.to_number = "+94770000000"
        send_and_learn(sent)
        assert not Identity.objects.exists()


class TestNames:
    def test_a_message_fills_an_empty_name(self, post: Any, customer: Customer) -> None:
        Customer.objects.update(first_name="", last_name="", username="")
        post(says(text("wamid.1")))
        post(says(text("wamid.2"), contacts=[contact("Ann  van Lee", "@ann", wa_id=PHONE)]))
        customer.refresh_from_db()
        assert (customer.first_name, customer.last_name, customer.username) == ("Ann", "van Lee", "ann")
        assert customer.events.filter(type="customer_updated").count() == 1
        assert Identity.objects.get().username == "ann"

    def test_so_does_the_first_message(self, post: Any, customer: Customer) -> None:
        Customer.objects.update(first_name="", last_name="")
        post(says(text("wamid.1"), contacts=[contact(wa_id=PHONE)]))
        customer.refresh_from_db()
        assert customer.name == "Ann Lee"
        seqs = list(customer.events.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, customer.last_seq + 1))

    def test_so_does_an_echo(self, post: Any, customer: Customer) -> None:
        Customer.objects.update(first_name="", last_name="")
        echo = {**text("wamid.1", wa_id="15550783881"), "to": PHONE}
        value = change(message_echoes=[echo], contacts=[contact(wa_id=PHONE)])
        post(envelope({**value, "field": "smb_message_echoes"}))
        customer.refresh_from_db()
        assert customer.name == "Ann Lee"

    def sync(self, action: str = "add", phone: str = PHONE, name: str = "Ann Lee") -> dict[str, Any]:
        item = {
            "type": "contact",
            "action": action,
            "contact": {"full_name": name, "first_name": "Ann", "phone_number": phone},
            "metadata": {"timestamp": "1790000600"},
        }
        return envelope({**change(state_sync=[item]), "field": "smb_app_state_sync"})

    def test_so_does_the_contact_of_the_phone_app(self, post: Any, customer: Customer) -> None:
        Customer.objects.update(first_name="", last_name="")
        post(self.sync("remove"))
        post(self.sync(name=""))
        post(self.sync(phone="94779999999"))
        customer.refresh_from_db()
        assert customer.first_name == "Ann", "a contact without a full name has a first one"
        Customer.objects.update(first_name="")
        post(self.sync())
        customer.refresh_from_db()
        assert customer.name == "Ann Lee"
        assert Customer.objects.count() == 1

    def test_what_is_there_is_never_overwritten(self, post: Any, customer: Customer) -> None:
        post(says(text("wamid.1"), contacts=[contact("Other Name", "other", wa_id=PHONE)]))
        post(self.sync(name="Third Name"))
        Customer.objects.update(first_name="")
        post(says(text("wamid.2"), contacts=[contact("Other Name", "other", wa_id=PHONE)]))
        customer.refresh_from_db()
        assert (customer.first_name, customer.last_name, customer.username) == ("", "Doe", "johndoe")

    def test_a_username_that_comes_later(self, post: Any) -> None:
        post(says(text("wamid.1")))
        post(says(text("wamid.2"), contacts=[contact("", "@ann.lee", wa_id=PHONE)]))
        assert Customer.objects.get().username == "ann.lee"
        assert Identity.objects.get().username == "ann.lee"

    def test_who_has_a_login_keeps_its_username(self, post: Any, customer: Customer, customer_login: User) -> None:
        Customer.objects.update(username="", first_name="", last_name="")
        post(says(text("wamid.1"), contacts=[contact("Ann Lee", "ann", wa_id=PHONE)]))
        customer.refresh_from_db()
        assert (customer.username, customer.first_name) == ("", "Ann")
        customer_login.refresh_from_db()
        assert customer_login.first_name == "Ann"

    def test_a_contact_of_the_customer_does_not_give_them_a_name(self, post: Any, customer: Customer) -> None:
        Customer.objects.update(first_name="", last_name="", username="")
        numbers = {"wa_number": "+94112223334", "tp_number": "+94112223334"}
        Contact.objects.create(customer=customer, email="c@example.com", **numbers)
        post(
            says(
                text("wamid.1", wa_id="94112223334") | {"from_user_id": ID2},
                contacts=[contact("Con Tact", "con", user_id=ID2)],
            )
        )
        post(says(message("wamid.2", from_user_id=ID2), contacts=[contact("Con Tact", "con", user_id=ID2)]))
        customer.refresh_from_db()
        assert (customer.first_name, customer.last_name, customer.username) == ("", "", "")
        assert Message.objects.filter(customer=customer).count() == 2
