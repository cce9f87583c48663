"""/api/working-hours/, and customers who wait for too long."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.teams import create_team
from accounts.models import AuditEntry, User
from customers.models import Customer
from messaging.actions.sending import send_message
from messaging.actions.working_hours import set_working_hours
from messaging.models import BusinessNumber, Conversation, WorkingHours
from messaging.relay.overdue import Overdue
from tests.accounts.parallel import in_parallel
from tests.messaging.channel_double import FakeTransport
from tests.messaging.office import MONDAY, OFFICE, WHOLE_WEEK, run
from tests.messaging.steps import Says

URL = "/api/working-hours/"


@pytest.mark.django_db
class TestSetting:
    def test_without_any_it_is_always_open(self, as_admin: APIClient) -> None:
        said = {"time_zone": "UTC", "week": WHOLE_WEEK, "holidays": [], "away_message": ""}
        assert as_admin.get(URL).json() == said

    def test_those_of_all_and_those_of_a_number(self, as_admin: APIClient, number: BusinessNumber, admin: User) -> None:
        set_to = as_admin.put(URL, OFFICE, format="json")
        everything = {**OFFICE, "week": {**OFFICE["week"], "sat": [], "sun": []}}  # type: ignore[dict-item]
        assert (set_to.status_code, set_to.json()) == (200, everything)
        own = f"{URL}?business_number={number.pk}"
        assert as_admin.get(own).json() == everything
        # What is not given stays as it was while the number followed the others.
        of_its_own = {**everything, "time_zone": "Europe/Berlin"}
        assert as_admin.put(own, {"time_zone": "Europe/Berlin"}, format="json").json() == of_its_own
        assert as_admin.get(URL).json() == everything
        assert as_admin.put(URL, {"holidays": []}, format="json").json() == {**everything, "holidays": []}
        assert as_admin.get(own).json() == of_its_own
        assert WorkingHours.objects.count() == 2
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.actor) == ("working_hours_changed", admin)
        assert entry.changes == {"holidays": {"old": ["2026-12-25"], "new": []}}

    @pytest.mark.parametrize("format", ["multipart", "json"])
    def test_a_form_leaves_the_week_as_it_is(self, as_admin: APIClient, format: str) -> None:
        before = as_admin.put(URL, OFFICE, format="json").json()
        told = {**before, "holidays": ["2027-01-01"], "away_message": "Back soon."}

        answer = as_admin.put(URL, {"holidays": ["2027-01-01"], "away_message": "Back soon."}, format=format)

        assert (answer.status_code, answer.json()) == (200, told)
        refused = as_admin.put(URL, {"week": '{"mon": []}'}, format=format)
        assert (refused.status_code, list(refused.json())) == (400, ["week"])
        assert as_admin.get(URL).json() == told

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("time_zone", "Mars/Base"),
            ("time_zone", 5),
            ("time_zone", "localtime"),
            ("time_zone", "Factory"),
            ("week", []),
            ("week", {"monday": []}),
            ("week", {"mon": ["09:00", "18:00"]}),
            ("week", {"mon": [["09:00", "18:00"], ["17:00", "19:00"]]}),
            ("week", {"mon": [["18:00", "09:00"]], "tue": [["08:00", "10:00"]]}),
            ("week", {"mon": [["09:00"]]}),
            ("holidays", ["25.12.2026"]),
            ("holidays", "2026-12-25"),
            ("holidays", ["2026-02-30"]),
            ("holidays", ["2026-W01-1"]),
            ("away_message", "x" * 4097),
            ("away_message", None),
            ("closed", True),
        ],
    )
    def test_nonsense_is_refused(self, as_admin: APIClient, field: str, value: Any) -> None:
        response = as_admin.put(URL, {**OFFICE, field: value}, format="json")
        assert (response.status_code, list(response.json())) == (400, [field])
        assert not WorkingHours.objects.exists()

    def test_an_unknown_number_is_refused(self, as_admin: APIClient) -> None:
        for method in (as_admin.get, as_admin.put):
            response = method(f"{URL}?business_number=999")
            assert (response.status_code, list(response.json())) == (400, ["business_number"])

    def test_only_admins(self, as_owner: APIClient) -> None:
        assert [as_owner.get(URL).status_code, as_owner.put(URL, OFFICE, format="json").status_code] == [403, 403]
        assert not WorkingHours.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("own", [True, False])
def test_admins_who_set_the_first_ones_at_once(admin: User, number: BusinessNumber, own: bool) -> None:
    whose = number if own else None
    in_parallel(6, lambda: set_working_hours(number=whose, actor=admin, fields={"time_zone": "Asia/Colombo"}))
    assert [(row.business_number_id, row.time_zone) for row in WorkingHours.objects.all()] == [
        (number.pk if own else None, "Asia/Colombo")
    ]


@pytest.mark.django_db
class TestOverdue:
    def test_the_desk_is_told_once_for_each_wait(
        self, customer: Customer, says: Says, clock: Any, settings: Any
    ) -> None:
        settings.FIRST_RESPONSE_MINUTES = 60
        WorkingHours.objects.create(**OFFICE)
        clock(MONDAY + timedelta(hours=17, minutes=30))
        says(customer)
        since = timezone.now()
        clock(MONDAY + timedelta(days=1, hours=9, minutes=29))
        assert run(Overdue()) == 0
        clock(MONDAY + timedelta(days=1, hours=9, minutes=30))
        assert (run(Overdue()), run(Overdue())) == (1, 0)
        [event] = customer.events.filter(type="response_overdue")
        assert event.data == {
            "customer": {"id": customer.pk, "name": "John Doe"},
            "waiting_since": since.isoformat().replace("+00:00", "Z"),
            "minutes": 60,
        }
        Conversation.objects.update(waiting_since=timezone.now())
        clock(MONDAY + timedelta(days=1, hours=12))
        assert run(Overdue()) == 1
        Conversation.objects.update(waiting_since=timezone.now(), state="closed")
        clock(MONDAY + timedelta(days=1, hours=15))
        assert run(Overdue()) == 0

    def test_a_new_wait_may_be_since_before_the_one_that_was_told(
        self, customer: Customer, owner: User, says: Says, transport: FakeTransport, relay_turn: Any, settings: Any
    ) -> None:
        settings.FIRST_RESPONSE_MINUTES = 5
        says(customer, ago=timedelta(minutes=10))
        assert (run(Overdue()), run(Overdue())) == (1, 0)
        send_message(customer_id=customer.pk, actor=owner, text="Yes.")
        relay_turn()
        says(customer, "late", ago=timedelta(minutes=20))
        assert (run(Overdue()), run(Overdue())) == (1, 0)
        assert customer.events.filter(type="response_overdue").count() == 2

    def test_without_the_setting_nobody_is(self, customer: Customer, says: Says) -> None:
        says(customer, ago=timedelta(days=1))
        assert run(Overdue()) == 0


@pytest.mark.django_db(transaction=True)
def test_the_inbox_of_the_owner_and_of_managers_is_told(
    open_socket: Any, token_of: Any, owner: User, stranger: User, admin: User, customer: Customer, says: Says,
    settings: Any,
) -> None:  # fmt: skip
    settings.FIRST_RESPONSE_MINUTES = 5
    create_team(actor=admin, name="North", members=[owner], managers=[stranger])
    says(customer, ago=timedelta(minutes=6))
    inboxes = [open_socket("/ws/inbox/", token_of(User.objects.get(pk=user.pk))) for user in (owner, stranger, admin)]
    for inbox in inboxes:
        inbox.read_type("counts")
    run(Overdue())
    for inbox in inboxes[:2]:
        assert inbox.read_type("response_overdue")["data"]["customer"]["id"] == customer.pk
    assert inboxes[2].read_type("chat")
    assert inboxes[2].silent()
