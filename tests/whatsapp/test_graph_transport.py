"""What becomes of a send, against a Graph API that misbehaves."""

import json
import logging
import socket
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.utils.http import http_date

from core.safe_json import storable
from customers.models import Customer
from messaging.channels import Halted, NotSent, Outcome, Rejected, Retry, Unknown, Unreachable, transport_for
from messaging.models import BusinessNumber, Direction, Message, Status
from tests.graph_double import GraphDouble
from tests.messaging.outage import database_away
from whatsapp.graph import bounds
from whatsapp.models import Identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(customer: Customer, number: BusinessNumber) -> Message:
    return Message.objects.create(
        customer=customer,
        business_number=number,
        direction=Direction.OUTBOUND,
        text="Yes, in blue",
        status=Status.SENDING,
        attempts=2,
    )


def send(message: Message) -> str:
    return transport_for(message.business_number).send(message)


def outcome(message: Message) -> Any:
    with pytest.raises(Outcome) as caught:
        send(message)
    return caught.value


def test_a_text_is_taken(graph: GraphDouble, message: Message) -> None:
    wamid = send(message)
    (taken,) = graph.accepted
    assert taken["wamid"] == wamid
    assert taken["path"] == f"/v26.0/{message.business_number.external_id}/messages"
    assert taken["headers"]["Authorization"] == "Bearer EAAsecret-token"
    assert taken["body"] == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "94771234567",
        "type": "text",
        "text": {"body": "Yes, in blue"},
        "biz_opaque_callback_data": str(message.pk),
    }


def test_the_version_can_be_set(graph: GraphDouble, message: Message, settings: Any) -> None:
    settings.WHATSAPP_GRAPH_VERSION = "v24.0"
    send(message)
    assert graph.accepted[0]["path"].startswith("/v24.0/")


def test_a_reply_names_what_it_answers(graph: GraphDouble, message: Message) -> None:
    message.reply_to = Message.objects.create(
        customer=message.customer, business_number=message.business_number, wamid="wamid.first", status="received"
    )
    send(message)
    assert graph.bodies[0]["context"] == {"message_id": "wamid.first"}


class TestRecipient:
    def test_the_wa_id_meta_gave_goes_before_the_phone_on_file(self, graph: GraphDouble, message: Message) -> None:
        Identity.objects.create(
            customer=message.customer, business_number=message.business_number, wa_id="551187654321", user_id="BR.1"
        )
        send(message)
        assert graph.bodies[0]["to"] == "551187654321"

    def test_a_user_id_goes_out_as_recipient(self, graph: GraphDouble, message: Message) -> None:
        Identity.objects.create(
            customer=message.customer, business_number=message.business_number, user_id="BR.1349120865530274"
        )
        send(message)
        assert graph.bodies[0]["recipient"] == "BR.1349120865530274"
        assert "to" not in graph.bodies[0]

    def test_an_identity_on_another_number_is_none_here(self, graph: GraphDouble, message: Message) -> None:
        other = BusinessNumber.objects.create(external_id="999")
        Identity.objects.create(customer=message.customer, business_number=other, wa_id="15550001111")
        send(message)
        assert graph.bodies[0]["to"] == "94771234567"

    def test_no_address_at_all(self, graph: GraphDouble, message: Message) -> None:
        message.customer.phone = None
        refused = outcome(message)
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.retryable) == ("no_address", False)
        assert graph.requests == 0


AGAIN = [1, 2, 131000, 131016, 133004, 131053]
NUMBER = [4, 17, 341, 613, 80007, 80008, 130429, 131057, 133000, 133015, 133016]
HALTED = [0, 3, 10, 33, 102, 104, 190, 803, 200, 299, 131005, 368, 131031, 130497, 131042, 131037, 131045]
HALTED += [133005, 133006, 133008, 133009, 133010]
REJECTED = [100, 131008, 131009, 131021, 131051, 132000, 132005, 132008, 132012, 135000]
REJECTED += [132001, 132007, 132015, 132016, 132068, 131026, 131047, 131050, 131052, 131062, 131063, 999999]
RETRYABLE = [131048, 131064, 131049, 130472, 132069, 131030, 137000]


class TestMetasErrors:
    def fails(self, graph: GraphDouble, message: Message, code: int, status: int = 400) -> Any:
        graph.queue({"kind": "meta", "code": code, "status": status, "details": "What Meta says"})
        found = outcome(message)
        assert graph.accepted == []
        return found

    @pytest.mark.parametrize("code", AGAIN)
    def test_temporary(self, graph: GraphDouble, message: Message, code: int) -> None:
        found = self.fails(graph, message, code)
        assert isinstance(found, Retry)
        assert (found.scope, found.code, found.after) == ("message", code, None)

    @pytest.mark.parametrize("code", NUMBER)
    def test_the_number_is_too_fast(self, graph: GraphDouble, message: Message, code: int) -> None:
        found = self.fails(graph, message, code)
        assert isinstance(found, Retry)
        assert (found.scope, found.code) == ("number", code)

    def test_too_fast_for_one_customer(self, graph: GraphDouble, message: Message) -> None:
        found = self.fails(graph, message, 131056)
        assert isinstance(found, Retry)
        assert (found.scope, found.after) == ("customer", 16.0)

    @pytest.mark.parametrize("code", HALTED)
    def test_nothing_goes_until_an_admin_acts(self, graph: GraphDouble, message: Message, code: int) -> None:
        found = self.fails(graph, message, code, 401 if code == 190 else 400)
        assert isinstance(found, Halted)
        assert str(code) in found.reason

    @pytest.mark.parametrize(("code", "retryable"), [(c, False) for c in REJECTED] + [(c, True) for c in RETRYABLE])
    def test_refused(self, graph: GraphDouble, message: Message, code: int, retryable: bool) -> None:
        found = self.fails(graph, message, code)
        assert isinstance(found, Rejected)
        assert (found.code, found.retryable) == (code, retryable)
        assert found.title
        assert found.detail.startswith("What Meta says")

    def says(self, graph: GraphDouble, status: int, **error: Any) -> None:
        said = {"message": "(#1) Words", "type": "OAuthException", "fbtrace_id": "A1", **error}
        graph.queue({"kind": "status", "status": status, "body": json.dumps({"error": said})})

    @pytest.mark.parametrize("status", [200, 400, 404])
    def test_a_number_that_is_gone_halts_it(self, graph: GraphDouble, message: Message, status: int) -> None:
        self.says(graph, status, code=100, error_subcode=33, message="Object with ID '1' does not exist")
        found = outcome(message)
        assert isinstance(found, Halted)
        assert "(100)" in found.reason
        assert "does not exist" in found.reason

    @pytest.mark.parametrize("subcode", [None, 2494010])
    def test_100_otherwise_refuses_one_message(self, graph: GraphDouble, message: Message, subcode: Any) -> None:
        self.says(graph, 400, code=100, error_subcode=subcode)
        assert isinstance(outcome(message), Rejected)

    OK_WITH_ERROR = [(131047, Rejected), (190, Halted), (131000, Retry), (80008, Retry), (200, Halted)]

    @pytest.mark.parametrize(("code", "kind"), OK_WITH_ERROR)
    def test_an_error_in_an_answer_of_200_is_the_error(
        self, graph: GraphDouble, message: Message, code: int, kind: type[Outcome]
    ) -> None:
        self.says(graph, 200, code=code)
        assert isinstance(outcome(message), kind)

    @pytest.mark.parametrize("error", ["it did not work", {"message": "no code"}, {"code": "soon"}])
    def test_whatever_its_shape(self, graph: GraphDouble, message: Message, error: Any) -> None:
        graph.queue({"kind": "status", "status": 200, "body": json.dumps({"error": error})})
        assert isinstance(outcome(message), Rejected)

    @pytest.mark.parametrize("data", ["The reason as text", {"details": "The reason as text"}])
    def test_what_is_meant_for_people_is_shown(self, graph: GraphDouble, message: Message, data: Any) -> None:
        self.says(graph, 400, code=131009, error_data=data, error_user_title="Look here", error_user_msg="Mend it.")
        assert outcome(message).detail.startswith("The reason as text. Look here. Mend it. ")

    def test_the_closed_window_has_a_hint(self, graph: GraphDouble, message: Message) -> None:
        assert self.fails(graph, message, 131047).detail == "What Meta says. Send a template"

    def test_an_unknown_code_with_a_5xx_is_temporary(self, graph: GraphDouble, message: Message) -> None:
        assert isinstance(self.fails(graph, message, 999999, 500), Retry)

    def test_429_with_an_unknown_code(self, graph: GraphDouble, message: Message) -> None:
        found = self.fails(graph, message, 999999, 429)
        assert isinstance(found, Retry)
        assert found.scope == "number"

    def test_retry_after_is_kept(self, graph: GraphDouble, message: Message) -> None:
        graph.queue({"kind": "throttle", "retry_after": 7})
        found = outcome(message)
        assert (found.scope, found.after) == ("number", 7.0)

    @pytest.mark.parametrize("status", [429, 503])
    def test_retry_after_as_a_date_is_kept(self, graph: GraphDouble, message: Message, status: int) -> None:
        headers = {"Retry-After": http_date(time.time() + 60)}
        graph.queue({"kind": "status", "status": status, "headers": headers})
        assert 50 < outcome(message).after <= 60


class TestTheConnection:
    @pytest.mark.parametrize("status", [502, 504])
    def test_somebody_in_between_may_have_passed_it_on(self, graph: GraphDouble, message: Message, status: int) -> None:
        graph.queue({"kind": "status", "status": status})
        assert isinstance(outcome(message), Unknown)

    @pytest.mark.parametrize("status", [500, 503])
    def test_a_5xx_without_metas_body_is_a_refusal(self, graph: GraphDouble, message: Message, status: int) -> None:
        graph.queue({"kind": "status", "status": status, "headers": {"Retry-After": "3"}})
        found = outcome(message)
        assert isinstance(found, Retry)
        assert (found.scope, found.after) == ("message", 3.0)

    def test_429_without_metas_body(self, graph: GraphDouble, message: Message) -> None:
        graph.queue({"kind": "status", "status": 429})
        assert outcome(message).scope == "number"

    @pytest.mark.parametrize("status", [400, 404, 413])
    def test_a_4xx_without_metas_body(self, graph: GraphDouble, message: Message, status: int) -> None:
        graph.queue({"kind": "status", "status": status})
        assert isinstance(outcome(message), Rejected)

    @pytest.mark.parametrize("kind", ["drop", "take_and_drop"])
    def test_an_answer_that_never_came(self, graph: GraphDouble, message: Message, kind: str) -> None:
        graph.queue(kind)
        assert isinstance(outcome(message), Unknown)
        assert len(graph.accepted) == (kind == "take_and_drop")
        assert send(message) == graph.accepted[-1]["wamid"], "the next one goes through"

    @pytest.mark.parametrize("body", ["<html>", "", "[]", "7", "{}", '{"messages": []}', '{"messages": [{"id": 7}]}'])
    def test_an_answer_that_cannot_be_read(self, graph: GraphDouble, message: Message, body: str) -> None:
        graph.queue({"kind": "garbage", "body": body})
        assert isinstance(outcome(message), Unknown)
        assert len(graph.accepted) == 1

    def test_an_answer_that_comes_too_late(
        self, graph: GraphDouble, message: Message, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bounds, "SILENCE_SECONDS", 0.2)
        graph.queue({"kind": "slow", "seconds": 0.6})
        assert isinstance(outcome(message), Unknown)

    def test_nobody_there(self, graph: GraphDouble, message: Message, settings: Any) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            settings.WHATSAPP_GRAPH_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"
            found = outcome(message)
        assert isinstance(found, Unreachable)

    @pytest.mark.parametrize("url", ["http://nobody.invalid", "https://127.0.0.1:{port}", "ftp://127.0.0.1"])
    def test_no_address_no_tls_no_protocol(self, graph: GraphDouble, message: Message, settings: Any, url: str) -> None:
        settings.WHATSAPP_GRAPH_URL = url.format(port=graph.port)
        assert isinstance(outcome(message), Unreachable)

    def test_what_fails_before_anything_left(self, graph: GraphDouble, message: Message, settings: Any) -> None:
        message.text = "\ud800"
        assert isinstance(outcome(message), NotSent)
        message.text, settings.WHATSAPP_ACCESS_TOKEN = "hi", "EAA\x00token"
        assert isinstance(outcome(message), NotSent)
        assert graph.requests == 0

    def test_no_address_because_the_database_is_away(self, graph: GraphDouble, message: Message) -> None:
        with database_away():
            found = outcome(message)
        assert isinstance(found.__cause__, OperationalError)
        assert graph.requests == 0

    @pytest.mark.parametrize("body", [None, {"error": "denied"}, {"error": {"code": "{status}", "message": "no"}}])
    @pytest.mark.parametrize("status", [401, 403, 407])
    def test_a_proxy_that_denies_access(self, graph: GraphDouble, message: Message, status: int, body: Any) -> None:
        fault = {"kind": "status", "status": status}
        if body is not None:
            fault["body"] = json.dumps(body).replace('"{status}"', str(status))
        graph.queue(fault)
        found = outcome(message)
        assert isinstance(found, Retry)
        assert (found.scope, found.code, found.number_pauses) == ("message", status, 60.0)

    def test_a_portal_that_wants_to_be_visited(self, graph: GraphDouble, message: Message) -> None:
        graph.queue({"kind": "status", "status": 302})
        assert isinstance(outcome(message), Retry)

    def test_an_id_that_cannot_be_stored(self, graph: GraphDouble, message: Message) -> None:
        graph.queue({"kind": "garbage", "body": '{"messages": [{"id": "wamid.\\u0000"}]}'})
        assert isinstance(outcome(message), Unknown)

    def test_words_that_cannot_be_stored(self, graph: GraphDouble, message: Message) -> None:
        words = "\x00\ud800" + "What Meta says. " * 200
        graph.queue({"kind": "meta", "code": 999999, "message": words, "details": words})
        found = outcome(message)
        assert (len(found.title), len(found.detail)) == (1000, 1000)
        assert storable(found.title + found.detail) == found.title + found.detail


def test_the_token_is_never_logged(
    graph: GraphDouble, message: Message, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    graph.queue(
        "ok", "drop", "garbage", {"kind": "meta", "code": 190, "status": 401}, {"kind": "status", "status": 500}
    )
    send(message)
    said = [str(outcome(message)) for _ in range(4)]
    assert "EAAsecret-token" not in caplog.text + "".join(said) + "".join(capfd.readouterr())
