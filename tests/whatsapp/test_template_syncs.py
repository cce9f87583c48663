"""Fetching templates when an admin asks for it: the request waits for nobody, the relay asks Meta."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from messaging.models import BusinessNumber
from tests.graph_double import GraphDouble
from tests.template_syncs import syncs_run
from whatsapp.models import Template, TemplateSync
from whatsapp.template_syncs import TemplateSyncs

pytestmark = pytest.mark.django_db

WABA = "310"
TEMPLATES, SYNCS, NUMBERS = (
    "/admin/whatsapp/template/",
    "/admin/whatsapp/templatesync/",
    "/admin/messaging/businessnumber/",
)


@pytest.fixture
def desk(admin: User, client: Client) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def account(graph: GraphDouble, settings: Any, number: BusinessNumber) -> GraphDouble:
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = WABA
    body = {"type": "BODY", "text": "Hello"}
    named = {"language": "en", "status": "APPROVED", "category": "UTILITY", "components": [body]}
    graph.templates[WABA] = [{"id": str(n), "name": f"t{n}", **named} for n in range(3)]
    return graph


def ask(desk: Client) -> str:
    number = BusinessNumber.objects.get()
    form = {"action": "sync_templates", "_selected_action": [number.pk]}
    answer = desk.post(NUMBERS, form, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_they_are_asked_for_and_then_fetched(desk: Client, account: GraphDouble) -> None:
    assert "will be fetched within seconds: 1." in ask(desk)
    assert (Template.objects.count(), TemplateSync.objects.get().due) == (0, True)

    assert syncs_run() == 1

    assert Template.objects.count() == 3
    done = TemplateSync.objects.get()
    assert (done.due, done.fetched, done.error, done.claim_token) == (False, 3, "", None)
    assert syncs_run() == 0
    assert WABA in desk.get(SYNCS).content.decode()
    assert desk.get(f"{SYNCS}{WABA}/change/").status_code == 200


def test_those_of_selected_templates(desk: Client, account: GraphDouble) -> None:
    mine = Template.objects.create(waba_id=WABA, name="gone", language="en", status="APPROVED")
    desk.post(TEMPLATES, {"action": "sync", "_selected_action": [mine.pk]})

    syncs_run()

    mine.refresh_from_db()
    assert (mine.status, Template.objects.count()) == ("MISSING", 4)


def test_those_of_an_account_without_access(desk: Client, account: GraphDouble) -> None:
    foreign = Template.objects.create(waba_id="another", name="gone", language="en", status="APPROVED")
    answer = desk.post(TEMPLATES, {"action": "sync", "_selected_action": [foreign.pk]}, follow=True)

    assert b"There is no account to fetch from" in answer.content
    assert not TemplateSync.objects.exists()


def test_access_that_was_taken_away_meanwhile(desk: Client, account: GraphDouble, settings: Any) -> None:
    ask(desk)
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = ""

    syncs_run()

    row = TemplateSync.objects.get()
    assert (row.due, row.fetched) == (False, None)
    assert "no access token" in row.error


def test_a_failure_is_tried_again_and_then_shown(desk: Client, account: GraphDouble) -> None:
    del account.templates[WABA]
    kept = Template.objects.create(waba_id=WABA, name="kept", language="en", status="APPROVED")
    ask(desk)

    for attempt in range(1, 4):
        assert syncs_run() == 1
        row = TemplateSync.objects.get()
        assert (row.attempts, row.due) == (attempt, attempt < 3)
        TemplateSync.objects.update(not_before=timezone.now())

    assert syncs_run() == 0
    assert WABA in row.error
    assert row.error[:40] in desk.get(SYNCS).content.decode()
    kept.refresh_from_db()
    assert kept.status == "APPROVED"
    ask(desk)
    assert TemplateSync.objects.get().attempts == 0, "asking again begins anew"


def test_asked_again_while_it_runs(desk: Client, account: GraphDouble) -> None:
    ask(desk)
    source = TemplateSyncs()
    (job,) = source.claim(1)
    ask(desk)

    source.run(job)

    assert TemplateSync.objects.get().due is True
    assert syncs_run() == 1


@pytest.mark.parametrize("restart", [True, False])
def test_a_relay_that_died(desk: Client, account: GraphDouble, *, restart: bool) -> None:
    ask(desk)
    TemplateSyncs().claim(1)
    assert syncs_run() == 0

    if restart:
        TemplateSyncs().settle(everything=True)
    else:
        TemplateSync.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert syncs_run() == 1
