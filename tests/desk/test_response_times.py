"""/api/reports/response-times/, against a plain computation of the same while it happens."""

import math
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions.teams import create_team
from accounts.models import AuditEntry, User
from customers.actions.assignments import assign
from customers.actions.locking import lock
from customers.models import Customer
from messaging.actions.chat_states import close_chat
from messaging.actions.receiving import receive_echo, receive_message
from messaging.actions.sending import send_message
from messaging.actions.statuses import apply_status
from messaging.channels import Inbound
from messaging.models import BusinessNumber, Message, WorkingHours

pytestmark = pytest.mark.django_db

URL = "/api/reports/response-times/"
CSV = "/api/reports/response-times.csv"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
PERIOD = "from=2026-03-01&to=2026-03-31"
NONE = {"median": None, "p90": None}


class Desk:
    """Chats on a desk with a clock. What happens is written down as the report should have it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = MONDAY
        self.number = BusinessNumber.objects.create(external_id="1")
        self.count = 0
        # By customer: since when they wait, when somebody wrote last, and whether the next message begins a talk.
        self.since: dict[int, datetime | None] = {}
        self.heard: dict[int, datetime] = {}
        self.over: dict[int, bool] = defaultdict(lambda: True)
        self.talks: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.responses: list[tuple[datetime, datetime, int | None]] = []
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def _heard(self, customer: Customer) -> None:
        last = self.heard.get(customer.pk)
        if last is not None and self.now - last >= timedelta(hours=24):
            self.over[customer.pk] = True
        self.heard[customer.pk] = self.now

    def writes(self, customer: Customer) -> None:
        self.count += 1
        inbound = Inbound(wamid=f"wamid.{self.count}", type="text", text="hi", at=self.now.replace(microsecond=0))
        with transaction.atomic():
            receive_message(customer=lock(customer.pk), number=self.number, inbound=inbound)
        self._heard(customer)
        if self.over[customer.pk]:
            self.talks[customer.pk].append({"began": inbound.at, "first": None})
            self.over[customer.pk] = False
        self.since[customer.pk] = self.since.get(customer.pk) or inbound.at

    def answers(self, customer: Customer, *, by_phone: bool = False) -> None:
        self.count += 1
        owner_id = Customer.objects.values_list("owner_id", flat=True).get(pk=customer.pk)
        with transaction.atomic():
            inbound = Inbound(wamid=f"wamid.{self.count}", type="text", text="yes", at=self.now)
            pk = receive_echo(customer=lock(customer.pk), number=self.number, inbound=inbound)
        if not by_phone:
            Message.objects.filter(pk=pk).update(sender=owner_id)
        self._heard(customer)
        since = self.since.get(customer.pk)
        if since is not None:
            response = (since, self.now, owner_id)
            self.responses.append(response)
            if self.talks[customer.pk][-1]["first"] is None:
                self.talks[customer.pk][-1]["first"] = response
            self.since[customer.pk] = None

    def closes(self, customer: Customer, admin: User) -> None:
        close_chat(customer_id=customer.pk, actor=admin)
        self.over[customer.pk] = True

    def expected(self, hours: Any) -> dict[Any, dict[str, Any]]:
        """The rows of the report, by the id of the owner."""
        rows: dict[Any, dict[str, Any]] = defaultdict(lambda: {"talks": 0, "first": [], "all": []})
        for pk, talks in self.talks.items():
            owner_id = Customer.objects.values_list("owner_id", flat=True).get(pk=pk)
            for talk in talks:
                row = rows[owner_id if talk["first"] is None else talk["first"][2]]
                row["talks"] += 1
                if talk["first"] is not None:
                    row["first"].append(hours.working_time(*talk["first"][:2]).total_seconds())
        for since, at, owner_id in self.responses:
            rows[owner_id]["all"].append(hours.working_time(since, at).total_seconds())
        return rows


def spread(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"median": None, "p90": None}
    return {"median": median(values), "p90": sorted(values)[math.ceil(0.9 * len(values)) - 1]}


@pytest.fixture
def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in request.fixturenames:
        if name.startswith("as_"):  # signed in before the clock is another, also where nobody stands yet
            request.getfixturevalue(name)
    return Desk(monkeypatch)


@pytest.fixture
def report(as_admin: APIClient) -> Any:
    def ask(query: str = "", client: APIClient = as_admin) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = client.get(f"{URL}?{PERIOD}{query}").json()["rows"]
        return rows

    return ask


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


class TestWhatIsCounted:
    def test_the_whole_answer(
        self, as_admin: APIClient, desk: Desk, customer: Customer, owner: User, report: Any
    ) -> None:
        for wait in (2, 10, 4):
            desk.writes(customer)
            desk.now += minutes(wait)
            desk.answers(customer)
        desk.now += timedelta(hours=24)
        desk.writes(customer)

        assert as_admin.get(f"{URL}?{PERIOD}").json() == {
            "from": "2026-03-01T00:00:00Z",
            "to": "2026-04-01T00:00:00Z",
            "by": "owner",
            "rows": [
                {
                    "key": {"id": owner.pk, "name": "Sam"},
                    "conversations": 2,
                    "answered": 1,
                    "unanswered": 1,
                    "first_response": {"median": 120, "p90": 120},
                    "response": {"median": 240, "p90": 600},
                }
            ],
        }

    def test_seconds_of_working_time(self, desk: Desk, customer: Customer, report: Any) -> None:
        WorkingHours.objects.create(time_zone="UTC", week={"mon": [["09:00", "18:00"]], "tue": [["09:00", "18:00"]]})
        desk.now = MONDAY + timedelta(hours=17)
        desk.writes(customer)
        desk.now = MONDAY + timedelta(days=1, hours=10)
        desk.answers(customer)
        assert report()[0]["response"] == {"median": 7200, "p90": 7200}

    def test_the_phone_app_answered_when_meta_says_so(self, desk: Desk, customer: Customer, report: Any) -> None:
        desk.writes(customer)
        desk.now += timedelta(seconds=50)
        inbound = Inbound(wamid="wamid.E", type="text", text="yes", at=desk.now - timedelta(seconds=30))
        with transaction.atomic():
            receive_echo(customer=lock(customer.pk), number=desk.number, inbound=inbound)
        assert report()[0]["first_response"] == report()[0]["response"] == {"median": 20, "p90": 20}

    def test_a_clock_that_is_ahead_hides_nobody(self, desk: Desk, customer: Customer, report: Any) -> None:
        desk.now = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
        inbound = Inbound(wamid="wamid.A", type="text", text="hi", at=desk.now + timedelta(seconds=2))
        with transaction.atomic():
            receive_message(customer=lock(customer.pk), number=desk.number, inbound=inbound)
        assert report()[0]["unanswered"] == 1

    def test_a_close_begins_a_new_conversation(self, desk: Desk, customer: Customer, admin: User, report: Any) -> None:
        desk.writes(customer)
        desk.now += minutes(1)
        desk.closes(customer, admin)
        desk.now += minutes(1)
        desk.writes(customer)
        desk.answers(customer)
        [row] = report()
        assert (row["conversations"], row["answered"], row["response"]["median"]) == (2, 1, 120)

    def test_what_nobody_wrote_is_no_answer(self, desk: Desk, customer: Customer, report: Any) -> None:
        desk.writes(customer)
        desk.now += minutes(1)
        desk.answers(customer)
        Message.objects.filter(direction="outbound").update(automatic=True)
        [row] = report()
        assert (row["conversations"], row["unanswered"], row["response"]) == (1, 1, NONE)

    def test_by_team_number_and_day(
        self, desk: Desk, customer: Customer, owner: User, admin: User, report: Any
    ) -> None:
        team = create_team(actor=admin, name="North", members=[owner])
        desk.writes(customer)
        desk.now += timedelta(days=2)
        desk.writes(customer)
        desk.answers(customer)
        assert [row["key"] for row in report("&by=team")] == [{"id": team.pk, "name": "North"}]
        assert [row["key"] for row in report("&by=number")] == [{"id": desk.number.pk, "name": "1"}]
        days = report("&by=day")
        assert (
            [row["key"]["id"] for row in days] == [row["key"]["name"] for row in days] == ["2026-03-02", "2026-03-04"]
        )
        assert [(row["conversations"], row["answered"]) for row in days] == [(1, 0), (1, 1)]
        assert [row["response"]["median"] for row in days] == [2 * 86400, None]

    def test_each_sees_their_own(
        self, desk: Desk, customer: Customer, owner: User, stranger: User, admin: User,
        report: Any, as_owner: APIClient, as_stranger: APIClient,
    ) -> None:  # fmt: skip
        desk.writes(customer)
        desk.now += minutes(3)
        desk.answers(customer)
        assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
        desk.writes(customer)
        desk.now += minutes(5)
        desk.answers(customer)
        assert [row["key"]["id"] for row in report()] == [owner.pk, stranger.pk]
        mine = report("", as_owner)
        assert [(row["key"]["id"], row["response"]["median"]) for row in mine] == [(owner.pk, 180)]
        assert [row["key"]["id"] for row in report("", as_stranger)] == [stranger.pk]
        create_team(actor=admin, name="North", members=[owner], managers=[stranger])
        assert len(report("", as_stranger)) == 2

    def test_counts_for_whose_chat_it_was_also_if_that_is_learned_later(
        self, desk: Desk, customer: Customer, owner: User, stranger: User, admin: User, report: Any
    ) -> None:
        assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
        desk.now += minutes(1)
        desk.writes(customer)
        desk.now += minutes(3)
        sent, _ = send_message(customer_id=customer.pk, actor=admin, text="Yes.")
        sent_at, desk.now = desk.now, desk.now + minutes(4)
        assign(customer_id=customer.pk, salesperson=owner, actor=admin)
        desk.now += minutes(5)

        def learn() -> list[Any]:
            return [(row["key"]["id"], row["response"]["median"]) for row in report()]

        answer: dict[str, Any] = {"number": desk.number, "wamid": "wamid.OUT", "message_key": str(sent.pk)}
        apply_status(**answer, status="delivered", at=desk.now)
        assert learn() == [(owner.pk, 720)]
        apply_status(**answer, status="sent", at=sent_at)
        assert learn() == [(stranger.pk, 180)]

        desk.writes(customer)
        desk.now += minutes(20)
        assign(customer_id=customer.pk, salesperson=stranger, actor=admin)
        echo = Inbound(wamid="wamid.echo", type="text", text="yes", at=desk.now - minutes(15))
        desk.now += minutes(5)
        with transaction.atomic():
            receive_echo(customer=lock(customer.pk), number=desk.number, inbound=echo)
        assert learn() == [(owner.pk, 300), (stranger.pk, 180)]

    def test_as_csv(self, desk: Desk, customer: Customer, owner: User, as_owner: APIClient) -> None:
        desk.writes(customer)
        desk.now += minutes(3)
        desk.answers(customer)
        answer = as_owner.get(f"{CSV}?{PERIOD}")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        lines = b"".join(answer).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
        assert lines == [
            "id,name,conversations,answered,unanswered,first_response_median,first_response_p90,response_median,"
            "response_p90",
            f"{owner.pk},Sam,1,1,0,180.0,180.0,180.0,180.0",
        ]
        assert AuditEntry.objects.latest("pk").verb == "response_times_exported"

    @pytest.mark.parametrize("accept", ["text/csv", "text/html", "application/json", "*/*"])
    def test_as_csv_whatever_is_accepted(self, as_owner: APIClient, accept: str) -> None:
        answer = as_owner.get(CSV, HTTP_ACCEPT=accept)
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
        refused = as_owner.get(CSV, {"by": "mood"}, HTTP_ACCEPT=accept)
        assert (refused.status_code, list(refused.json())) == (400, ["by"])

    @pytest.mark.parametrize(("asked", "sign"), [("semicolon", ";"), (";", ";"), ("tab", "\t"), ("\t", "\t")])
    def test_as_csv_with_another_separator(self, as_owner: APIClient, asked: str, sign: str) -> None:
        answer = as_owner.get(CSV, {"delimiter": asked})
        first = b"".join(answer).decode("utf-8-sig").splitlines()[0]  # type: ignore[arg-type]
        assert first.split(sign)[:3] == ["id", "name", "conversations"]

    def test_a_separator_that_nobody_knows(self, as_owner: APIClient) -> None:
        answer = as_owner.get(CSV, {"delimiter": "pipe"})
        assert (answer.status_code, list(answer.json())) == (400, ["delimiter"])
        assert not AuditEntry.objects.filter(verb="response_times_exported").exists()

    @pytest.mark.parametrize(
        ("query", "field"),
        [("by=mood", "by"), ("from=soon", "from"), ("from=2020-01-01", "from"), ("from=2999-01-01", "from")],
    )
    def test_nonsense_is_refused(self, as_admin: APIClient, query: str, field: str) -> None:
        for url in (URL, CSV):
            answer = as_admin.get(f"{url}?{query}")
            assert (answer.status_code, list(answer.json())) == (400, [field])

    def test_statements_do_not_grow(
        self, as_admin: APIClient, desk: Desk, customer: Customer, owner: User, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(20):
            someone = Customer.objects.create(owner=owner)
            desk.writes(someone)
            desk.now += minutes(3)
            desk.answers(someone)
        with django_assert_max_num_queries(7):
            as_admin.get(f"{URL}?{PERIOD}")


@pytest.mark.parametrize("seed", range(12))
def test_random_histories(
    desk: Desk, admin: User, owner: User, stranger: User, settings: Any, report: Any, seed: int
) -> None:
    dice = random.Random(seed)
    week = {day: [["09:00", "13:00"], ["14:00", "18:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    hours = WorkingHours.objects.create(time_zone="Asia/Colombo", week=week, holidays=["2026-03-04"])
    customers = [Customer.objects.create(owner=dice.choice((owner, stranger))) for _ in range(4)]
    for customer in customers:
        desk.writes(customer)
    for _ in range(50):
        desk.now += timedelta(seconds=dice.choice((7, 300, 5000, 40_000)), milliseconds=dice.randint(0, 999))
        customer = dice.choice(customers)
        act = dice.choice(("writes", "writes", "writes", "answers", "answers", "echo", "close", "hand over"))
        if act == "writes":
            desk.writes(customer)
        elif act == "hand over":
            owner_id = Customer.objects.values_list("owner_id", flat=True).get(pk=customer.pk)
            other = stranger if owner_id == owner.pk else owner
            assign(customer_id=customer.pk, salesperson=other, actor=admin)
        elif act == "close":
            desk.closes(customer, admin)
        else:
            desk.answers(customer, by_phone=act == "echo")
    expected = desk.expected(hours.hours)
    found = {row["key"]["id"]: row for row in report()}
    assert found.keys() == expected.keys()
    for owner_id, row in expected.items():
        assert found[owner_id]["conversations"] == row["talks"]
        assert found[owner_id]["answered"] == len(row["first"])
        assert found[owner_id]["unanswered"] == row["talks"] - len(row["first"])
        assert found[owner_id]["first_response"] == pytest.approx(spread(row["first"]))
        assert found[owner_id]["response"] == pytest.approx(spread(row["all"]))
