"""Working hours in Django admin: lines that people write, checked as in the API."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client

from accounts.models import AuditEntry, User
from messaging.admin.hours import WorkingHoursAdmin
from messaging.hours import DAYS
from messaging.models import BusinessNumber, WorkingHours
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/admin/messaging/workinghours/"


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.post("/admin/login/", {"username": "ada@desk.example", "password": PASSWORD})
    return client


def written(**fields: str) -> dict[str, str]:
    return {"time_zone": "Asia/Colombo", **dict.fromkeys(DAYS, ""), "holidays": "", "away_message": "", **fields}


def send(browser: Client, path: str, **fields: str) -> tuple[str, bool]:
    """Fill in the form; returns the page that follows, and whether it was taken."""
    answer = browser.post(PAGE + path, written(**fields), follow=True)
    assert answer.status_code == 200
    return answer.content.decode(), bool(answer.redirect_chain)


def test_lines_become_ranges(browser: Client) -> None:
    assert 'value="00:00-24:00"' in browser.get(f"{PAGE}add/").content.decode()
    page, taken = send(
        browser, "add/", mon="09:00-13:00, 14:00 - 18:00", holidays="2026-12-25\n2026-01-01", away_message="On Monday."
    )
    assert taken, page
    row = WorkingHours.objects.get()
    assert row.business_number is None
    assert row.week == {**{day: [] for day in DAYS}, "mon": [["09:00", "13:00"], ["14:00", "18:00"]]}
    assert (row.holidays, row.away_message) == (["2026-01-01", "2026-12-25"], "On Monday.")

    assert ">Mon 09:00-13:00, 14:00-18:00</td>" in browser.get(PAGE).content.decode()

    page = browser.get(f"{PAGE}{row.pk}/change/").content.decode()
    assert 'value="09:00-13:00, 14:00-18:00"' in page
    assert "2026-01-01\n2026-12-25" in page
    assert send(browser, f"{row.pk}/change/", tue="20:00-02:00")[1]
    row.refresh_from_db()
    assert (row.week["mon"], row.week["tue"]) == ([], [["20:00", "02:00"]])
    assert AuditEntry.objects.filter(verb="working_hours_changed").count() == 2


def test_those_of_a_number_beside_those_of_all(browser: Client) -> None:
    number = BusinessNumber.objects.create(transport="whatsapp", external_id="77")
    for whose in ("", str(number.pk)):
        assert send(browser, "add/", business_number=whose)[1]
    page, taken = send(browser, "add/", business_number=str(number.pk))
    assert not taken
    assert "There are working hours for this already. Change those instead." in page
    for row in WorkingHours.objects.all():
        assert send(browser, f"{row.pk}/change/", mon="09:00-18:00")[1]
        row.refresh_from_db()
        assert row.week["mon"] == [["09:00", "18:00"]]
    assert ">Mon 09:00-18:00</td>" in browser.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"mon": "9 to 5"}, "Write ranges such as 09:00-13:00, 14:00-18:00."),
        ({"mon": "09:00-25:00"}, "25:00 is not a time such as 09:00."),
        ({"mon": "09:00-12:00, 11:00-13:00"}, "Ranges overlap on mon."),
        ({"sun": "20:00-02:00", "mon": "01:00-03:00"}, "Ranges overlap on mon."),
        ({"time_zone": "Mars/Base"}, "Must be the name of a time zone"),
        ({"holidays": "25.12.2026"}, "25.12.2026 is not a date such as 2026-12-25."),
    ],
)
def test_nonsense_is_refused(browser: Client, fields: dict[str, Any], reason: str) -> None:
    page, taken = send(browser, "add/", **fields)
    assert not taken
    assert reason in page
    assert all(text in page for text in fields.values())  # as it was filled in
    assert not WorkingHours.objects.exists()


def test_who_gets_the_away_message_is_said_before_it_is_set(browser: Client) -> None:
    assert "still wait get it as soon as you save" in browser.get(f"{PAGE}add/").content.decode()


def test_days_in_a_row_that_are_alike_are_one() -> None:
    long, short = [["09:00", "18:00"]], [["10:00", "12:00"], ["13:00", "14:00"]]
    week = {"mon": long, "tue": long, "wed": [], "thu": short, "fri": long, "sat": long, "sun": []}
    assert WorkingHoursAdmin(WorkingHours, site).open(WorkingHours(week=week)) == (
        "Mon-Tue 09:00-18:00; Thu 10:00-12:00, 13:00-14:00; Fri-Sat 09:00-18:00"
    )
    assert WorkingHoursAdmin(WorkingHours, site).open(WorkingHours(week={})) == "never"
