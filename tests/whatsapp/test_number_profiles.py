"""The page of a business number: its profile and health, read and changed through Graph by the relay."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from messaging.actions.number_pauses import pause_by_hand
from messaging.models import UNTIL_RESUMED, BusinessNumber, NumberHold
from tests.admin_pages import confirm
from tests.graph_double import GraphDouble
from tests.media_files import jpeg, picture
from tests.webhooks import PHONE_NUMBER_ID, payload
from whatsapp import number_profiles
from whatsapp.models import NumberProfile
from whatsapp.number_profiles import NumberProfiles

pytestmark = pytest.mark.django_db
LIST = "/admin/messaging/businessnumber/"
NUMBER = {
    "display_phone_number": "+1 555-078-3881",
    "verified_name": "Sheena's Shop",
    "name_status": "APPROVED",
    "status": "CONNECTED",
    "quality_rating": "GREEN",
    "throughput": {"level": "HIGH"},
    "whatsapp_business_manager_messaging_limit": "TIER_10K",
    "health_status": {"can_send_message": "AVAILABLE", "entities": []},
}
PROFILE = {
    "about": "Shirts and caps",
    "address": "1 Main Street",
    "description": "We sell shirts.",
    "email": "shop@example.com",
    "websites": ["https://shop.example/"],
    "vertical": "RETAIL",
    "profile_picture_url": "https://pps.whatsapp.net/v/1.jpg",
    "messaging_product": "whatsapp",
}
BLOCKED = {
    "can_send_message": "BLOCKED",
    "entities": [
        {"entity_type": "WABA", "id": "1", "errors": [{"error_code": 141000, "error_description": "No card."}]}
    ],
}


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def meta(graph: GraphDouble, number: BusinessNumber) -> GraphDouble:
    """Meta with a profile that can be changed."""
    kept: dict[str, Any] = dict(PROFILE)

    def profile(method: str, said: dict[str, Any], bearer: str) -> Any:
        if method == "POST":
            kept.update({key: value for key, value in said.items() if key != "profile_picture_handle"})
            return {"success": True}
        return {"data": [kept]}

    graph.says[PHONE_NUMBER_ID] = dict(NUMBER)
    graph.says[f"{PHONE_NUMBER_ID}/whatsapp_business_profile"] = profile
    return graph


def relay() -> int:
    source = NumberProfiles()
    jobs = source.claim(5)
    for job in jobs:
        source.run(job)
    return len(jobs)


def page(desk: Client, number: BusinessNumber) -> str:
    return desk.get(f"{LIST}{number.pk}/change/").content.decode()


def form(**fields: Any) -> dict[str, Any]:
    known = {name: PROFILE[name] for name in ("about", "address", "description", "email")}
    always = {"external_id": PHONE_NUMBER_ID, "display": "15550783881", "waba_id": "", "access_token": ""}
    return {**always, **known, "website": "https://shop.example/", "other_website": "", **fields}


@pytest.fixture
def known(desk: Client, meta: GraphDouble, number: BusinessNumber) -> BusinessNumber:
    """A number that Meta was asked about."""
    assert "1 will be asked about within seconds" in confirm(desk, LIST, "ask_whatsapp", [number])
    assert meta.asked == [], "the request asks nobody"
    assert relay() == 1
    number.refresh_from_db()
    return number


def test_what_meta_says_is_on_the_page(desk: Client, known: BusinessNumber, as_owner: Any) -> None:
    assert (known.name, known.quality) == ("Sheena's Shop", "GREEN")
    shown = page(desk, known)
    for words in ("Shirts and caps", "1 Main Street", "We sell shirts.", "shop@example.com", "https://shop.example/"):
        assert words in shown
    for words in (
        "RETAIL",
        "https://pps.whatsapp.net/v/1.jpg",
        "limit: TIER_10K",
        "throughput: HIGH",
        "Last on",
        "Verified name",
    ):
        assert words in shown
    (row,) = as_owner.get("/api/business-numbers/").json()["results"]
    assert (row["name"], row["quality"], row["paused"]) == ("Sheena's Shop", "GREEN", False)
    assert AuditEntry.objects.filter(verb="number_asked_about").count() == 1


def test_only_what_changes_is_written(desk: Client, meta: GraphDouble, known: BusinessNumber) -> None:
    meta.asked.clear()
    body = form(about="Only caps", other_website="https://caps.example/")
    assert desk.post(f"{LIST}{known.pk}/change/", body).status_code == 302
    assert meta.asked == []
    assert "Only caps" in page(desk, known), "shown before Meta has it"
    assert relay() == 1
    (written,) = [said for method, _, said, _ in meta.asked if method == "POST"]
    assert written == {
        "messaging_product": "whatsapp",
        "about": "Only caps",
        "websites": ["https://shop.example/", "https://caps.example/"],
    }
    row = NumberProfile.objects.get()
    assert (row.profile["about"], row.wanted, row.error, row.due) == ("Only caps", {}, "", False)
    desk.post(f"{LIST}{known.pk}/change/", form(about="Only caps", other_website="https://caps.example/"))
    assert relay() == 0, "nothing changed"


def test_a_picture_goes_the_way_that_meta_wants(desk: Client, meta: GraphDouble, known: BusinessNumber) -> None:
    meta.says["debug_token"] = {"data": {"is_valid": True, "app_id": "42"}}
    meta.says["42/uploads"] = {"id": "upload:abc?sig=1"}
    meta.says["upload:abc"] = {"h": "4::handle"}
    desk.post(f"{LIST}{known.pk}/change/", form(picture=jpeg()))
    assert relay() == 1
    written = [said for method, path, said, _ in meta.asked if path.endswith("_profile") and method == "POST"]
    assert written == [{"messaging_product": "whatsapp", "profile_picture_handle": "4::handle"}]
    assert NumberProfile.objects.get().picture is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("about", "x" * 140), ("description", "x" * 513), ("website", "no address"), ("email", "nobody")],
)
def test_what_meta_would_refuse_is_not_saved(desk: Client, known: BusinessNumber, field: str, value: str) -> None:
    assert desk.post(f"{LIST}{known.pk}/change/", form(**{field: value})).status_code == 200
    assert relay() == 0


def test_a_picture_of_another_kind(desk: Client, known: BusinessNumber) -> None:
    gif = jpeg()
    gif.file.seek(0)
    gif.file.write(picture("GIF"))
    gif.file.seek(0)
    assert desk.post(f"{LIST}{known.pk}/change/", form(picture=gif)).status_code == 200
    assert relay() == 0


def test_a_refusal_is_shown(desk: Client, meta: GraphDouble, known: BusinessNumber) -> None:
    error = {"code": 100, "message": "Invalid parameter", "error_user_msg": "The text has a link."}
    answers = meta.says[f"{PHONE_NUMBER_ID}/whatsapp_business_profile"]
    meta.says[f"{PHONE_NUMBER_ID}/whatsapp_business_profile"] = lambda method, said, bearer: (
        (400, {"error": error}) if method == "POST" else answers(method, said, bearer)
    )
    desk.post(f"{LIST}{known.pk}/change/", form(about="shop.example"))
    relay()
    row = NumberProfile.objects.get()
    assert (row.due, row.wanted, row.profile["about"]) == (False, {}, "Shirts and caps")
    assert "The profile was not changed. Meta says: Invalid parameter. The text has a link" in page(desk, known)


def test_meta_that_does_not_answer_is_asked_again(desk: Client, meta: GraphDouble, number: BusinessNumber) -> None:
    del meta.says[PHONE_NUMBER_ID]
    confirm(desk, LIST, "ask_whatsapp", [number])
    for left in (True, True, False):
        assert relay() == 1
        assert NumberProfile.objects.get().due is left
        NumberProfile.objects.update(not_before=timezone.now())
    assert "Unknown path" in page(desk, number)


def test_asked_again_while_it_is_asked(desk: Client, meta: GraphDouble, known: BusinessNumber) -> None:
    desk.post(f"{LIST}{known.pk}/change/", form(about="First"))
    source = NumberProfiles()
    (job,) = source.claim(1)
    desk.post(f"{LIST}{known.pk}/change/", form(about="Second"))
    source.run(job)
    assert NumberProfile.objects.get().due is True
    assert relay() == 1
    assert NumberProfile.objects.get().profile["about"] == "Second"


def test_every_number_is_asked_about_once_a_day(
    meta: GraphDouble, number: BusinessNumber, monkeypatch: pytest.MonkeyPatch
) -> None:
    NumberProfiles().settle(everything=False)
    assert relay() == 0, "not as soon as a relay starts"
    monkeypatch.setattr(number_profiles, "LOOK_SECONDS", 0.0)
    NumberProfiles().settle(everything=False)
    assert relay() == 1
    NumberProfiles().settle(everything=False)
    assert relay() == 0
    NumberProfile.objects.update(asked_at=timezone.now() - timedelta(days=2))
    NumberProfiles().settle(everything=False)
    assert relay() == 1


class TestWhetherItMaySend:
    def test_one_that_is_blocked_pauses_and_comes_back(
        self, desk: Client, meta: GraphDouble, number: BusinessNumber
    ) -> None:
        meta.says[PHONE_NUMBER_ID] = {**NUMBER, "health_status": BLOCKED}
        confirm(desk, LIST, "ask_whatsapp", [number])
        relay()
        number.refresh_from_db()
        assert number.paused_until == UNTIL_RESUMED
        assert number.reason == "WhatsApp does not let this number send (connected). No card."
        assert "WhatsApp ends that" in page(desk, number)
        meta.says[PHONE_NUMBER_ID] = dict(NUMBER)
        confirm(desk, LIST, "ask_whatsapp", [number])
        relay()
        number.refresh_from_db()
        assert (number.paused_until, number.reason) == (None, "")

    @pytest.mark.parametrize("status", ["BANNED", "DELETED", "DISCONNECTED"])
    def test_one_that_is_gone(self, desk: Client, meta: GraphDouble, number: BusinessNumber, status: str) -> None:
        meta.says[PHONE_NUMBER_ID] = {"status": status}
        confirm(desk, LIST, "ask_whatsapp", [number])
        relay()
        number.refresh_from_db()
        assert status.lower() in number.reason

    def test_a_reinstatement_that_never_came(
        self, desk: Client, meta: GraphDouble, number: BusinessNumber, post: Any, admin: User, settings: Any
    ) -> None:
        settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "102290129340398"
        post(payload("account_disabled"))
        pause_by_hand(number, actor=admin, reason="Christmas")
        confirm(desk, LIST, "ask_whatsapp", [number])
        relay()
        number.refresh_from_db()
        assert (number.paused_until, number.reason) == (UNTIL_RESUMED, "Christmas")

    def test_a_new_ban_counts_more_than_the_answer(
        self, desk: Client, meta: GraphDouble, number: BusinessNumber, post: Any, settings: Any
    ) -> None:
        settings.WHATSAPP_BUSINESS_ACCOUNT_ID = "102290129340398"
        post(payload("account_disabled"))
        NumberHold.objects.update(since=timezone.now())
        confirm(desk, LIST, "ask_whatsapp", [number])
        relay()
        number.refresh_from_db()
        assert number.paused_until == UNTIL_RESUMED


def test_the_sandbox_answers_itself(desk: Client, number: BusinessNumber) -> None:
    confirm(desk, LIST, "ask_whatsapp", [number])
    desk.post(f"{LIST}{number.pk}/change/", form(about="Try me"))
    assert relay() == 1
    number.refresh_from_db()
    assert (number.name, number.quality) == ("Patter sandbox", "GREEN")
    assert NumberProfile.objects.get().profile["about"] == "Try me"
