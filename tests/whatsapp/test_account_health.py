"""What Meta says about the account and its numbers: kept, shown, told to admins, and obeyed."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from customers.models import Customer
from messaging.actions.number_pauses import halt, pause_by_hand, resume
from messaging.models import UNTIL_RESUMED, BusinessNumber, Message, NumberHold
from messaging.relay.outbox import Outbox
from tests.admin_pages import confirm
from tests.graph_double import GraphDouble
from tests.webhooks import payload, says, text
from whatsapp.models import NumberAccess, WebhookEvent

pytestmark = pytest.mark.django_db
PAGE = "/admin/messaging/businessnumber/"
FOREVER = UNTIL_RESUMED


@pytest.fixture
def told(post: Any, number: BusinessNumber) -> Any:
    """Have Meta say something, perhaps changed; returns the number as it is then."""

    def said(name: str, **changes: Any) -> BusinessNumber:
        body = payload(name)
        value = body["entry"][0]["changes"][0]["value"]
        for key, change in changes.items():
            if key == "time":
                body["entry"][0]["time"] = change
            elif key == "ends":
                value["restriction_info"][0]["expiration"] = change
            else:
                value[key] = change
        assert post(body).status_code == 200
        assert WebhookEvent.objects.latest("pk").state == "done"
        number.refresh_from_db()
        return number

    return said


def soon(**delta: float) -> int:
    return int(time.time() + timedelta(**delta).total_seconds())


def health(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()["checks"]["business_numbers"]
    return found


STOPS = [
    ("account_disabled", "WhatsApp has disabled the business account (April 17, 2026)."),
    ("account_deleted", "WhatsApp has deleted the business account."),
    ("account_offboarded", "The business account was taken off WhatsApp's API."),
    ("partner_removed", "The business account is no longer connected to this app. (primary inactivity)"),
]


@pytest.mark.parametrize(("name", "reason"), STOPS)
def test_a_number_that_may_not_send_pauses(told: Any, client: Client, name: str, reason: str) -> None:
    number = told(name)
    assert (number.paused_until, number.pause_kind, number.reason) == (FOREVER, "paused", reason)
    (paused,) = health(client)["paused"]
    assert paused["reason"] == reason


BACK = [
    ("account_disabled", "account_reinstated"),
    ("account_offboarded", "account_reconnected"),
    ("partner_removed", "partner_added"),
]


@pytest.mark.parametrize(("gone", "back"), BACK)
def test_it_sends_again_when_meta_says_so(told: Any, client: Client, gone: str, back: str) -> None:
    told(gone)
    number = told(back)
    assert (number.paused_until, number.pause_kind, number.reason) == (None, "", "")
    assert health(client)["paused"] == []
    assert told(gone).paused_until is None, "told again, a week later"


def test_what_is_told_late_is_over(told: Any) -> None:
    told("account_reinstated")
    assert told("account_disabled").paused_until is None
    assert told("account_disabled", time=1790010000).paused_until == FOREVER


@pytest.mark.parametrize("name", ["account_restricted", "account_restricted_text_end"])
def test_a_restriction_ends_by_itself(told: Any, client: Client, name: str) -> None:
    ends = soon(hours=2)
    number = told(name, ends=ends if name == "account_restricted" else str(ends))
    assert number.paused_until == datetime.fromtimestamp(ends, UTC)
    assert number.reason.startswith("WhatsApp has restricted the business account: it may not")
    (said,) = health(client)["health"]
    assert [one["code"][:10] for one in said["restrictions"]] == ["RESTRICTED"]
    NumberHold.objects.update(until=timezone.now() - timedelta(seconds=1))
    Outbox().settle(everything=False)
    number.refresh_from_db()
    assert (number.paused_until, number.pause_kind, number.reason) == (None, "", "")


def test_one_that_is_over_when_it_is_told_pauses_nothing(told: Any) -> None:
    number = told("account_restricted", ends=soon(hours=-1))
    assert number.paused_until is None


def test_one_without_an_end_waits_for_meta(told: Any) -> None:
    assert told("account_restricted", ends=None).paused_until == FOREVER
    assert told("account_reinstated").paused_until is None


OTHERS = ["account_restricted_otherwise", "account_violation", "account_disabling", "account_update", "account_alert"]


@pytest.mark.parametrize("name", OTHERS)
def test_the_rest_is_shown_and_pauses_nothing(told: Any, client: Client, name: str) -> None:
    number = told(name)
    assert (number.paused_until, number.pause_kind) == (None, "")
    (said,) = health(client)["health"]
    assert said["last_notice"]["at"]
    assert len(number.health["notices"]) == 1
    assert len(told(name).health["notices"]) == 1


class TestSeveralReasons:
    def test_a_restriction_outlives_the_reinstatement(self, told: Any) -> None:
        ends = soon(days=1)
        told("account_restricted", ends=ends)
        assert told("account_disabled").paused_until == FOREVER
        number = told("account_reinstated")
        assert number.paused_until == datetime.fromtimestamp(ends, UTC)
        assert number.reason.startswith("WhatsApp has restricted")

    def test_both_reasons_are_told(self, told: Any) -> None:
        told("account_disabled")
        number = told("account_restricted", ends=soon(days=1))
        assert number.paused_until == FOREVER
        assert "disabled" in number.reason
        assert "restricted" in number.reason

    def test_what_an_admin_paused_is_not_resumed_by_meta(self, told: Any, admin: User) -> None:
        pause_by_hand(told("account_disabled"), actor=admin, reason="Christmas")
        number = told("account_reinstated")
        assert (number.paused_until, number.reason) == (FOREVER, "Christmas")
        assert resume(number, actor=admin)
        number.refresh_from_db()
        assert number.paused_until is None

    def test_what_meta_paused_is_not_resumed_by_an_admin(self, told: Any, admin: User, client: Client) -> None:
        number = told("account_disabled")
        pause_by_hand(number, actor=admin, reason="Christmas")
        client.force_login(admin)
        assert "It still sends nothing" in confirm(client, PAGE, "resume_sending", [number])
        number.refresh_from_db()
        assert (number.paused_until, number.reason) == (
            FOREVER,
            "WhatsApp has disabled the business account (April 17, 2026).",
        )
        assert told("account_reinstated").paused_until is None

    def test_a_refused_token_is_mended_by_neither(self, told: Any, admin: User) -> None:
        halt(told("account_disabled"), "WhatsApp denied us access (190)", "fingerprint")
        number = told("account_reinstated")
        assert (number.paused_until, number.reason) == (FOREVER, "WhatsApp denied us access (190)")
        assert number.halted_access == "fingerprint"

    def test_a_halt_from_before_there_were_reasons_stays(self, told: Any, number: BusinessNumber) -> None:
        BusinessNumber.objects.update(paused_until=FOREVER, pause_kind="paused", reason="policy")
        told("account_disabled")
        assert told("account_reinstated").reason == "policy"

    def test_by_hand_from_the_list(self, number: BusinessNumber, admin: User, client: Client) -> None:
        client.force_login(admin)
        assert "1 paused" in confirm(client, PAGE, "pause_sending", [number], reason="Stocktaking")
        number.refresh_from_db()
        assert (number.paused_until, number.reason) == (FOREVER, "Stocktaking")
        Outbox().settle(everything=False)
        number.refresh_from_db()
        assert number.paused_until == FOREVER, "its access is as good as before"
        assert "1 sends again" in confirm(client, PAGE, "resume_sending", [number])


def test_messages_wait_and_go_when_it_may_send(
    graph: GraphDouble, told: Any, post: Any, as_admin: Any, settings: Any
) -> None:
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "102290129340398"
    post(says(text("wamid.1", at=int(time.time()))))
    told("account_restricted", ends=soon(hours=1))
    customer = Customer.objects.get()
    queued = as_admin.post("/api/messages/", {"customer": customer.pk, "text": "hi"}).json()
    assert queued["waiting"]["code"] == "paused"
    source = Outbox()
    assert source.claim(5) == []
    NumberHold.objects.update(until=timezone.now())
    BusinessNumber.objects.update(paused_until=timezone.now())
    source.settle(everything=False)
    for job in source.claim(5):
        source.run(job)
    assert Message.objects.get(pk=queued["id"]).status == "sent"


class TestWhichNumber:
    @pytest.fixture
    def second(self, number: BusinessNumber) -> BusinessNumber:
        other = BusinessNumber.objects.create(external_id="2002", display="+1 555 000 2002")
        NumberAccess.objects.create(number=other, waba_id="777")
        return other

    def test_those_of_the_account(self, told: Any, second: BusinessNumber) -> None:
        assert told("account_disabled").paused_until == FOREVER
        second.refresh_from_db()
        assert second.paused_until is None

    def test_the_one_it_names(self, told: Any, second: BusinessNumber) -> None:
        NumberAccess.objects.all().delete()
        assert told("number_upgraded").health["facts"] == {"limit": "TIER_10K", "throughput": "HIGH"}
        second.refresh_from_db()
        assert second.health is None

    def test_the_only_one_if_its_phone_is_not_known(self, told: Any, number: BusinessNumber) -> None:
        BusinessNumber.objects.filter(pk=number.pk).update(display=number.external_id)
        assert told("number_upgraded").health is not None

    def test_one_that_we_do_not_have(self, told: Any) -> None:
        assert told("number_upgraded", display_phone_number="15559999999").health is None
        assert told("account_alert_of_number", entity_id="999").health is None
        assert len(told("account_alert_of_number").health["notices"]) == 1


FACTS = [
    ("number_onboarded", "TIER_2K"),
    ("number_flagged", "TIER_1K"),
    ("capability", "TIER_2K"),
    ("capability_tier", "TIER_UNLIMITED"),
]


@pytest.mark.parametrize(("name", "limit"), FACTS)
def test_the_limit_is_known(told: Any, client: Client, admin: User, name: str, limit: str) -> None:
    number = told(name)
    assert number.health["facts"]["limit"] == limit
    assert health(client)["health"][0]["limit"] == limit
    client.force_login(admin)
    assert limit in client.get(PAGE).content.decode()
    assert limit in client.get(f"{PAGE}{number.pk}/change/").content.decode()


def test_quality_and_name(told: Any) -> None:
    assert told("number_flagged").quality == "RED"
    assert told("number_unflagged").quality == ""
    assert told("number_flagged").quality == "", "told late"
    assert told("number_name_rejected").name == ""
    assert told("number_name").name == "Sheena's Shop"


@pytest.mark.parametrize("name", ["security", "account_alert", "account_restricted_otherwise", "number_name_rejected"])
def test_what_meta_says_stands_on_the_page_of_the_number(told: Any, client: Client, admin: User, name: str) -> None:
    number = told(name)
    client.force_login(admin)
    page = client.get(f"{PAGE}{number.pk}/change/").content.decode()
    words = {
        "security": "Two-step verification: pin changed, by 2000.",
        "account_alert": "Warning: More information is needed.",
        "account_restricted_otherwise": "it may not send utility templates",
        "number_name_rejected": "The name Best Shop: rejected (name not consistent).",
    }
    assert words[name] in page


@pytest.mark.django_db(transaction=True)
def test_admins_are_told_at_once(told: Any, open_socket: Any, token_of: Any, admin: User, owner: User) -> None:
    admins, sales = (open_socket("/ws/inbox/", token_of(user)) for user in (admin, owner))
    assert admins.read()["type"] == sales.read()["type"] == "ready"
    told("account_disabled")
    frames = [admins.read(), admins.read()]
    assert {frame["type"] for frame in frames} == {"business_number_changed"}
    assert [frame["data"]["paused"] for frame in frames] == [True, True]
    assert "seq" not in frames[-1]
    data = frames[-1]["data"]
    assert (data["display_number"], data["paused"], data["until"]) == ("15550783881", True, None)
    assert data["reason"] == "WhatsApp has disabled the business account (April 17, 2026)."
    assert data["notices"][0]["code"] == "DISABLE"
    assert sales.silent()
