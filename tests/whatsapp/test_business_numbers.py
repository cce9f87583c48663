"""Several business numbers: added in Django admin, each with its own token, and what halts one."""

import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from core.encryption import decrypt, encrypt
from messaging.actions.number_pauses import UNTIL_RESUMED
from messaging.models import BusinessNumber, Message
from messaging.relay.outbox import Outbox
from tests.admin_pages import confirm
from tests.graph_double import GraphDouble
from tests.template_syncs import syncs_run
from tests.webhooks import says, text
from whatsapp.models import NumberAccess, WebhookEvent

pytestmark = pytest.mark.django_db
LIST = "/admin/messaging/businessnumber/"
SECOND = "2002"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def second(db: None) -> BusinessNumber:
    number = BusinessNumber.objects.create(external_id=SECOND, display="15550002002")
    access = NumberAccess(number=number, waba_id="777")
    access.token = "EAAsecond"
    access.save()
    return number


def relay() -> None:
    source = Outbox()
    source.settle(everything=False)
    for job in source.claim(10):
        source.run(job)


class TestEncryption:
    def test_only_the_keys_read_it(self, settings: Any) -> None:
        settings.FIELD_ENCRYPTION_KEYS = ["first"]
        kept = encrypt("secret")
        assert "secret" not in kept
        settings.FIELD_ENCRYPTION_KEYS = ["second", "first"]
        assert decrypt(kept) == "secret"
        settings.FIELD_ENCRYPTION_KEYS = ["second"]
        assert decrypt(kept) is None
        settings.FIELD_ENCRYPTION_KEYS = []
        assert decrypt(encrypt("secret")) == "secret"


class TestAdmin:
    def form(self, **fields: str) -> dict[str, str]:
        return {"external_id": SECOND, "display": "15550002002", "waba_id": "777", "access_token": "", **fields}

    def test_a_number_is_added_with_its_token(self, desk: Client) -> None:
        answer = desk.post(f"{LIST}add/", self.form(access_token="EAAsecond"))
        assert answer.status_code == 302, answer.content
        access = NumberAccess.objects.get(number__external_id=SECOND)
        assert (access.token, access.waba_id) == ("EAAsecond", "777")
        assert "EAAsecond" not in access.encrypted_token

    def test_the_token_is_never_shown_and_stays(self, desk: Client, second: BusinessNumber) -> None:
        page = desk.get(f"{LIST}{second.pk}/change/").content.decode()
        assert "EAAsecond" not in page
        desk.post(f"{LIST}{second.pk}/change/", self.form(waba_id="888"))
        access = NumberAccess.objects.get(number=second)
        assert (access.token, access.waba_id) == ("EAAsecond", "888")
        desk.post(f"{LIST}{second.pk}/change/", self.form(forget_token="on"))
        access.refresh_from_db()
        assert access.token == ""

    def test_nonsense_is_refused(self, desk: Client) -> None:
        answer = desk.post(f"{LIST}add/", self.form(access_token="no token\u00a0"))
        assert answer.status_code == 200
        assert not BusinessNumber.objects.exists()

    def test_a_new_token_resumes(self, desk: Client, second: BusinessNumber) -> None:
        BusinessNumber.objects.update(paused_until=UNTIL_RESUMED, reason="token")
        desk.post(f"{LIST}{second.pk}/change/", self.form())
        second.refresh_from_db()
        assert second.paused_until == UNTIL_RESUMED
        desk.post(f"{LIST}{second.pk}/change/", self.form(access_token="EAAnew"))
        second.refresh_from_db()
        assert (second.paused_until, second.reason) == (None, "")

    def test_an_admin_resumes(self, desk: Client, second: BusinessNumber) -> None:
        BusinessNumber.objects.update(paused_until=UNTIL_RESUMED, reason="policy")
        assert b"policy" in desk.get(LIST).content
        assert "1 sends again" in confirm(desk, LIST, "resume_sending", [second])
        second.refresh_from_db()
        assert second.paused_until is None

    def test_what_stops_a_number_and_how_it_goes_on_stand_on_its_page(
        self, desk: Client, second: BusinessNumber
    ) -> None:
        assert "Resume sending" not in desk.get(f"{LIST}{second.pk}/change/").content.decode()
        BusinessNumber.objects.update(paused_until=UNTIL_RESUMED, pause_kind="paused", reason="Account locked")
        page = desk.get(f"{LIST}{second.pk}/change/").content.decode()
        assert 'name="action" value="resume_sending"' in page
        for shown in (page, desk.get(LIST).content.decode()):
            assert "somebody resumes it" in shown
            assert "Account locked" in shown
            assert "9999" not in shown

    @pytest.mark.parametrize("wrong", ["+94 11 111 1111", "94-11", "my number"])
    def test_what_is_no_id_is_not_added(self, desk: Client, wrong: str) -> None:
        page = desk.post(f"{LIST}add/", {"external_id": wrong, "display": "", "waba_id": "", "access_token": ""})
        assert page.status_code == 200
        assert not BusinessNumber.objects.filter(external_id=wrong).exists()

    def test_templates_are_fetched(self, desk: Client, second: BusinessNumber) -> None:
        answer = desk.post(LIST, {"action": "sync_templates", "_selected_action": [second.pk]}, follow=True)
        assert b"will be fetched within seconds: 1." in answer.content
        assert b"summer_sale" not in desk.get("/admin/whatsapp/template/").content
        syncs_run()
        assert b"summer_sale" in desk.get("/admin/whatsapp/template/").content


class TestSending:
    def test_the_answer_leaves_from_the_number_they_wrote_to(
        self, graph: GraphDouble, post: Any, as_admin: Any, second: BusinessNumber
    ) -> None:
        body = says(text("wamid.1", at=int(time.time())))
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = SECOND
        post(body)
        customer = Message.objects.get(wamid="wamid.1").customer
        assert as_admin.post("/api/messages/", {"customer": customer.pk, "text": "hi"}).status_code == 201
        relay()
        (taken,) = graph.accepted
        assert taken["path"].endswith(f"/{SECOND}/messages")
        assert taken["headers"]["Authorization"] == "Bearer EAAsecond"

    def test_an_unknown_number_takes_messages_and_sends_none(
        self, graph: GraphDouble, post: Any, as_admin: Any
    ) -> None:
        body = says(text("wamid.1", at=int(time.time())))
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "9999"
        post(body)
        assert WebhookEvent.objects.get().state == "done"
        customer = Message.objects.get(wamid="wamid.1").customer
        response = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "hi"})
        assert (response.status_code, response.json()["code"]) == (409, "number_cannot_send")
        assert not Message.objects.filter(direction="outbound").exists()

    def test_a_refused_token_halts_until_there_is_another(
        self, graph: GraphDouble, post: Any, as_admin: Any, second: BusinessNumber, settings: Any
    ) -> None:
        body = says(text("wamid.1", at=int(time.time())))
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = SECOND
        post(body)
        customer = Message.objects.get(wamid="wamid.1").customer
        message = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "hi"}).json()["id"]
        graph.queue({"kind": "meta", "code": 190, "status": 401})
        relay()
        second.refresh_from_db()
        assert second.paused_until == UNTIL_RESUMED
        assert second.halted_access
        assert Message.objects.get(pk=message).status == "queued"
        (shown,) = Client().get("/readyz").json()["checks"]["business_numbers"]["paused"]
        assert "190" in shown["reason"]
        relay()
        assert graph.accepted == []
        access = NumberAccess.objects.get(number=second)
        access.token = "EAAnew"
        access.save()
        relay()
        second.refresh_from_db()
        assert second.paused_until is None
        assert Message.objects.get(pk=message).status == "sent"
        assert graph.accepted[0]["headers"]["Authorization"] == "Bearer EAAnew"

    def test_a_new_token_in_the_environment_resumes_too(
        self, graph: GraphDouble, post: Any, as_admin: Any, settings: Any
    ) -> None:
        post(says(text("wamid.1", at=int(time.time()))))
        customer = Message.objects.get(wamid="wamid.1").customer
        as_admin.post("/api/messages/", {"customer": customer.pk, "text": "hi"})
        graph.queue({"kind": "meta", "code": 190, "status": 401})
        relay()
        relay()
        assert graph.accepted == []
        settings.WHATSAPP_ACCESS_TOKEN = "EAAother"
        relay()
        assert len(graph.accepted) == 1
