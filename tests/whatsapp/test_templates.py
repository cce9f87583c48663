"""Templates: fetched, listed, kept up by webhooks, and checked before a message is queued."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from messaging.models import BusinessNumber, Conversation, Message
from messaging.relay.outbox import Outbox
from tests.graph_double import GraphDouble
from tests.media_files import jpeg
from tests.webhooks import envelope, payload
from whatsapp.models import Identity, Template, WebhookEvent
from whatsapp.sandbox.account import ACCOUNT_ID

pytestmark = pytest.mark.django_db

WABA = "102290129340398"


def meta_template(name: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"type": "BODY", "text": "Hello {{1}}, it is {{2}}."}
    return {
        "id": name,
        "name": name,
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": list(components) or [body],
        **more,
    }


@pytest.fixture
def make(db: None) -> Any:
    def template(*components: dict[str, Any], **fields: Any) -> Template:
        body = {"type": "BODY", "text": "Hello {{1}}, it is {{2}}."}
        values = {"name": "hello", "language": "en", "status": "APPROVED", "category": "UTILITY", **fields}
        return Template.objects.create(waba_id=ACCOUNT_ID, components=list(components) or [body], **values)

    return template


@pytest.fixture
def send(as_owner: Any, customer: Any) -> Any:
    def post(**template: Any) -> Any:
        body = {
            "customer": customer.pk,
            "type": "template",
            "template": {"name": "hello", "language": "en", **template},
        }
        return as_owner.post("/api/messages/", body)

    return post


class TestSync:
    def test_every_page_is_read(self, graph: GraphDouble, settings: Any) -> None:
        settings.WHATSAPP_BUSINESS_ACCOUNT_ID = WABA
        graph.templates[WABA] = [meta_template(f"t{n}") for n in range(5)]
        Template.objects.create(waba_id=WABA, name="t1", language="en", status="PAUSED", reason="low quality")
        Template.objects.create(waba_id=WABA, name="gone", language="en", status="APPROVED")
        Template.objects.create(waba_id="another", name="gone", language="en", status="APPROVED")
        call_command("sync_templates")
        known = Template.objects.filter(waba_id=WABA)
        assert {t.name: t.status for t in known} == {**{f"t{n}": "APPROVED" for n in range(5)}, "gone": "MISSING"}
        assert known.get(name="t1").reason == ""
        assert Template.objects.get(waba_id="another").status == "APPROVED"

    def test_a_failure_changes_nothing(self, graph: GraphDouble, settings: Any) -> None:
        settings.WHATSAPP_BUSINESS_ACCOUNT_ID = WABA
        Template.objects.create(waba_id=WABA, name="kept", language="en", status="APPROVED")
        with pytest.raises(CommandError, match=WABA):
            call_command("sync_templates")
        assert Template.objects.get().status == "APPROVED"

    def test_without_an_account_it_says_what_is_missing(self, graph: GraphDouble) -> None:
        with pytest.raises(CommandError, match="WHATSAPP_BUSINESS_ACCOUNT_ID"):
            call_command("sync_templates")

    def test_the_sandbox_has_some_to_try(self, as_owner: Any) -> None:
        call_command("sync_templates")
        call_command("sync_templates")
        rows = as_owner.get("/api/templates/").json()["results"]
        known = {row["name"]: row for row in rows}
        assert {"hello", "order_update", "summer_sale", "new_chairs", "weekend_offer", "sign_in_code"} <= known.keys()
        assert known["order_update"]["variables"] == {
            "header": ["order"],
            "header_format": "TEXT",
            "body": ["name", "order", "day"],
            "buttons": [],
        }
        assert known["summer_sale"]["variables"]["buttons"] == [{"index": 0, "type": "url", "text": "Look"}]


class TestList:
    def test_it_shows_what_can_be_sent(self, as_owner: Any, make: Any) -> None:
        make()
        make(name="paused", status="PAUSED", reason="too many blocks")
        assert [row["name"] for row in as_owner.get("/api/templates/").json()["results"]] == ["hello"]
        every = as_owner.get("/api/templates/?status=all").json()["results"]
        assert [(row["name"], row["reason"]) for row in every] == [("hello", ""), ("paused", "too many blocks")]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("status=paused", ["b"]),
            ("language=de&status=all", ["a", "b"]),
            ("category=marketing", ["c"]),
            ("search=C", ["c"]),
            ("search=a x", []),
        ],
    )
    def test_filters(self, as_owner: Any, make: Any, query: str, names: list[str]) -> None:
        make(name="a", language="de")
        make(name="b", language="de", status="PAUSED")
        make(name="c", category="MARKETING")
        found = as_owner.get(f"/api/templates/?{query}").json()["results"]
        assert [row["name"] for row in found] == names

    @pytest.mark.parametrize(
        ("parameter", "value"), [("status", "maybe"), ("category", "GOSSIP"), ("search", "a" * 501)]
    )
    def test_unknown_values_are_refused(self, as_owner: Any, make: Any, parameter: str, value: str) -> None:
        make()
        response = as_owner.get("/api/templates/", {parameter: value})
        assert (response.status_code, list(response.json())) == (400, [parameter])

    def test_it_says_what_is_known(self, as_owner: Any) -> None:
        (said,) = as_owner.get("/api/templates/?category=gossip").json()["category"]
        assert said == "GOSSIP is unknown. Choose one of MARKETING, UTILITY, AUTHENTICATION."

    def test_no_status_is_none_given(self, as_owner: Any, make: Any) -> None:
        make()
        make(name="paused", status="PAUSED")
        rows = as_owner.get("/api/templates/?status=&search=e").json()["results"]
        assert [row["name"] for row in rows] == ["hello"]

    def test_the_number_of_queries_is_constant(self, as_owner: Any, make: Any, django_assert_num_queries: Any) -> None:
        for n in range(12):
            make(name=f"t{n}")
        with django_assert_num_queries(3):
            as_owner.get("/api/templates/")


class TestSending:
    def test_it_goes_outside_the_window(self, send: Any, make: Any, customer: Any) -> None:
        make()
        response = send(parameters=["John", "ready"])
        assert response.status_code == 201, response.json()
        body = response.json()
        assert (body["type"], body["text"], body["status"]) == ("template", "Hello John, it is ready.", "queued")
        assert body["payload"] == {
            "name": "hello",
            "language": {"code": "en", "policy": "deterministic"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "John"}, {"type": "text", "text": "ready"}]}
            ],
        }
        assert Conversation.objects.get(customer=customer).last_message_id == body["id"]
        source = Outbox()
        for job in source.claim(5):
            source.run(job)
        assert Message.objects.get(pk=body["id"]).status == "sent"

    def test_metas_own_shape(self, send: Any, make: Any) -> None:
        make()
        values = [{"type": "text", "text": "John"}, {"type": "text", "text": "ready"}]
        assert send(components=[{"type": "BODY", "parameters": values}]).json()["text"] == "Hello John, it is ready."

    def test_names_instead_of_places(self, send: Any, make: Any) -> None:
        header = {"type": "HEADER", "format": "TEXT", "text": "Order {{order}}"}
        make(header, {"type": "BODY", "text": "{{name}}: {{order}}"}, parameter_format="NAMED")
        body = send(parameters={"name": "John", "order": 7}).json()
        assert body["text"] == "John: 7"
        assert body["payload"]["components"][0]["parameters"] == [
            {"type": "text", "parameter_name": "order", "text": "7"}
        ]

    def test_buttons(self, send: Any, make: Any) -> None:
        buttons = [{"type": "QUICK_REPLY", "text": "Yes"}, {"type": "URL", "text": "Look", "url": "https://x/{{1}}"}]
        make({"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": buttons})
        body = send(parameters={"buttons": [None, "abc"]}).json()
        assert body["payload"]["components"] == [
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "abc"}]}
        ]
        assert "Button 1 (Look) needs one text." in str(send().json())

    def test_a_picture_in_the_header_is_uploaded(self, as_owner: Any, customer: Any, make: Any) -> None:
        make({"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hi"})
        template = json.dumps({"name": "hello", "language": "en"})
        body = {"customer": customer.pk, "type": "template", "template": template}
        response = as_owner.post("/api/messages/", {**body, "media": [jpeg()]}, format="multipart")
        assert response.status_code == 201, response.json()
        assert response.json()["media"]["mime_type"] == "image/jpeg"
        without = as_owner.post("/api/messages/", body, format="multipart")
        assert without.status_code == 400
        assert "upload it as `media`" in str(without.json())

    BAD = [
        ({}, "parameters"),
        ({"parameters": ["one"]}, "parameters"),
        ({"parameters": ["one", "two", "three"]}, "parameters"),
        ({"parameters": ["one", ""]}, "parameters"),
        ({"parameters": ["one", "two\nlines"]}, "parameters"),
        ({"parameters": ["one", None]}, "parameters"),
        ({"parameters": ["one", {"type": "image"}]}, "parameters"),
        ({"parameters": ["x" * 1025, "y"]}, "parameters"),
        ({"parameters": ["x" * 1020, "y"]}, "parameters"),
        ({"parameters": "text"}, "parameters"),
        ({"parameters": {"name": "x"}}, "parameters"),
        ({"parameters": {"body": ["a", "b"], "header": ["c"]}}, "parameters"),
        ({"parameters": {"body": ["a", "b"], "buttons": ["c"]}}, "parameters"),
        ({"components": [{"type": "body"}]}, "components"),
        ({"components": [{"type": "carousel"}]}, "components"),
        ({"components": [{"type": "button", "index": ""}]}, "components"),
        ({"components": "text"}, "components"),
        ({"components": [], "parameters": []}, "parameters"),
        ({"name": "unknown", "parameters": ["a", "b"]}, "name"),
        ({"language": "de", "parameters": ["a", "b"]}, "language"),
        ({"name": ["x"]}, "name"),
    ]

    @pytest.mark.parametrize(("change", "field"), BAD)
    def test_what_does_not_fit_is_refused(self, send: Any, make: Any, change: dict[str, Any], field: str) -> None:
        make()
        response = send(**change)
        assert response.status_code == 400
        assert list(response.json()) == ["template"]
        assert list(response.json()["template"]) == [field]
        assert not Message.objects.exists()
        assert not BusinessNumber.objects.exists()

    def test_a_field_that_nobody_knows_is_refused(self, send: Any, make: Any) -> None:
        make({"type": "BODY", "text": "Hi"})
        response = send(paramters=["x"])
        assert response.status_code == 400
        assert response.json() == {"template": {"paramters": ["Unknown field. Did you mean parameters?"]}}
        assert not Message.objects.exists()
        assert not BusinessNumber.objects.exists()

    @pytest.mark.parametrize("name", [["name"], {"name": 1}, 7, None])
    def test_the_name_of_a_value_is_a_text(self, send: Any, make: Any, name: Any) -> None:
        make({"type": "BODY", "text": "Dear {{name}}"}, parameter_format="NAMED")
        value = {"type": "text", "parameter_name": name, "text": "John"}
        response = send(components=[{"type": "body", "parameters": [value]}])
        assert (response.status_code, list(response.json()["template"])) == (400, ["components"])

    @pytest.mark.parametrize(
        "document",
        [
            {"id": "1", "filename": 7},
            {"id": "1", "filename": ["a.pdf"]},
            {"id": {"of": "it"}, "link": "https://shop.example/a.pdf"},
            {"id": "1", "link": "http://shop.example/a.pdf"},
        ],
    )
    def test_a_file_in_the_header_is_named_by_texts(self, send: Any, make: Any, document: dict[str, Any]) -> None:
        make({"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "Hi"})
        values = [{"type": "document", "document": document}]
        response = send(components=[{"type": "header", "parameters": values}])
        assert (response.status_code, list(response.json()["template"])) == (400, ["components"])
        values[0]["document"] = {"link": "https://shop.example/a.pdf", "filename": "a.pdf"}
        assert send(components=[{"type": "header", "parameters": values}]).status_code == 201

    @pytest.mark.parametrize("status", ["PAUSED", "DISABLED", "REJECTED", "PENDING", "MISSING"])
    def test_only_approved_ones_go(self, send: Any, make: Any, status: str) -> None:
        make(status=status, reason="because")
        response = send(parameters=["a", "b"])
        assert response.json() == {"template": {"name": [f"The template is {status.lower()}: because."]}}

    def test_marketing_is_not_for_who_stopped_it(self, send: Any, make: Any, customer: Any, settings: Any) -> None:
        make(category="MARKETING")
        number = BusinessNumber.objects.create(external_id="100000000000001")
        Identity.objects.create(
            customer=customer, business_number=number, wa_id="94771234567", marketing_stopped_at=timezone.now()
        )
        response = send(parameters=["a", "b"])
        assert (response.status_code, list(response.json()["template"])) == (400, ["name"])
        assert not Message.objects.exists()
        Template.objects.update(category="UTILITY")
        assert send(parameters=["a", "b"]).status_code == 201

    def test_a_failed_one_is_retried_outside_the_window(self, send: Any, make: Any, as_owner: Any) -> None:
        make()
        message = send(parameters=["a", "b"]).json()["id"]
        Message.objects.update(status="failed")
        assert as_owner.post(f"/api/messages/{message}/retry/").status_code == 200
        Message.objects.update(status="failed")
        Template.objects.update(status="PAUSED")
        assert as_owner.post(f"/api/messages/{message}/retry/").status_code == 400
        assert Message.objects.get().status == "failed"


class TestAskedAgain:
    """What waited, perhaps behind a halted number."""

    @pytest.fixture
    def queued(self, send: Any, make: Any) -> Message:
        make(category="MARKETING")
        found: Message = Message.objects.get(pk=send(parameters=["a", "b"]).json()["id"])
        return found

    def relayed(self, message: Message) -> Message:
        source = Outbox()
        for job in source.claim(5):
            source.run(job)
        message.refresh_from_db()
        return message

    def test_nothing_has_changed(self, queued: Message) -> None:
        assert self.relayed(queued).status == "sent"

    @pytest.mark.parametrize("status", ["PAUSED", "DISABLED", "MISSING"])
    def test_a_template_that_went(self, queued: Message, status: str) -> None:
        Template.objects.update(status=status, reason="because")
        assert self.relayed(queued).status == "failed"
        assert queued.error == {
            "code": "not_allowed_now",
            "title": "The template can no longer be sent",
            "detail": f"The template is {status.lower()}: because.",
            "retryable": False,
        }
        assert queued.wamid is None

    def test_marketing_that_was_stopped(self, queued: Message, customer: Any, as_owner: Any) -> None:
        Identity.objects.create(
            customer=customer,
            business_number=queued.business_number,
            wa_id="94771234567",
            marketing_stopped_at=timezone.now(),
        )
        assert self.relayed(queued).error["detail"] == "The customer has stopped marketing messages from this number."
        Identity.objects.update(marketing_stopped_at=None)
        assert as_owner.post(f"/api/messages/{queued.pk}/retry/").status_code == 200
        assert self.relayed(queued).status == "sent"

    def test_without_a_token_it_waits(self, queued: Message, settings: Any) -> None:
        settings.WHATSAPP_SANDBOX = False
        settings.WHATSAPP_PHONE_NUMBER_ID = "another"
        assert self.relayed(queued).status == "queued"
        assert BusinessNumber.objects.get(pk=queued.business_number_id).reason.startswith("There is no access token")


class TestWebhooks:
    @pytest.fixture
    def change(self, post: Any) -> Any:
        def said(field: str, **value: Any) -> Any:
            names = {"message_template_name": "hello", "message_template_language": "en", "message_template_id": 1}
            return post(envelope({"field": field, "value": {**names, **value}}))

        return said

    def test_paused_and_back(self, change: Any, make: Any) -> None:
        template = make()
        change("message_template_status_update", event="PAUSED", other_info={"description": "Low quality"})
        template.refresh_from_db()
        assert (template.status, template.reason) == ("PAUSED", "Low quality")
        change("message_template_status_update", event="REINSTATED", reason="NONE")
        template.refresh_from_db()
        assert (template.status, template.reason) == ("APPROVED", "")

    @pytest.mark.parametrize("event", ["REINSTATED", "UNARCHIVED", "FLAGGED"])
    def test_what_can_be_sent_again_is_approved(self, change: Any, make: Any, event: str) -> None:
        template = make(status="ARCHIVED")
        change("message_template_status_update", event=event, reason=None)
        template.refresh_from_db()
        assert template.status == "APPROVED"

    def test_quality_and_category(self, change: Any, make: Any) -> None:
        template = make()
        change("message_template_quality_update", new_quality_score="RED", previous_quality_score="GREEN")
        change("template_category_update", new_category="MARKETING", previous_category="UTILITY")
        template.refresh_from_db()
        assert (template.quality, template.category) == ("RED", "MARKETING")

    def test_components(self, change: Any, make: Any) -> None:
        template = make()
        button = {"message_template_button_type": "URL", "message_template_button_text": "Look"}
        change(
            "message_template_components_update",
            message_template_element="Good day {{1}}",
            message_template_footer="Shop",
            message_template_buttons=[button],
        )
        template.refresh_from_db()
        assert template.components == [
            {"type": "BODY", "text": "Good day {{1}}"},
            {"type": "FOOTER", "text": "Shop"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look"}]},
        ]

    def test_of_one_we_never_fetched(self, change: Any) -> None:
        assert change("message_template_status_update", event="APPROVED").status_code == 200
        assert WebhookEvent.objects.get().state == "done"
        assert not Template.objects.exists()

    # As the API spells the language; the webhooks have en-US.
    FOUND_BY = [
        {"provider_id": "1689556908129832", "name": "its_old_name", "language": "en_US"},
        {"provider_id": "", "name": "order_confirmation", "language": "en_US"},
        {"provider_id": "77", "name": "order_confirmation", "language": "EN-us"},
    ]

    @pytest.mark.parametrize("fields", FOUND_BY)
    def test_it_is_found_by_its_id_or_by_name_and_language(self, post: Any, fields: dict[str, str]) -> None:
        found = Template.objects.create(waba_id=WABA, status="APPROVED", category="UTILITY", **fields)
        others = [
            Template.objects.create(waba_id=WABA, name="order_confirmation", language="en_GB", status="APPROVED"),
            Template.objects.create(waba_id="another", name="order_confirmation", language="en_US", status="APPROVED"),
        ]
        post(payload("template_paused"))
        found.refresh_from_db()
        assert (found.status, found.category, found.reason) == ("PAUSED", "MARKETING", "First pause")
        assert found.provider_id == (fields["provider_id"] or "1689556908129832")
        for other in others:
            other.refresh_from_db()
            assert other.status == "APPROVED"

    def test_the_id_counts_more_than_the_name(self, post: Any) -> None:
        namesake = Template.objects.create(waba_id=WABA, name="order_confirmation", language="en_US", status="APPROVED")
        Template.objects.create(
            waba_id=WABA, name="other", language="de", status="APPROVED", provider_id="1689556908129832"
        )
        post(payload("template_paused"))
        namesake.refresh_from_db()
        assert namesake.status == "APPROVED"
        assert Template.objects.get(name="other").status == "PAUSED"

    def test_the_id_counts_more_than_the_account(self, post: Any) -> None:
        id_of_it = {"provider_id": "1689556908129832", "name": "other", "language": "de"}
        found = Template.objects.create(waba_id="another", status="APPROVED", **id_of_it)
        post(payload("template_paused"))
        found.refresh_from_db()
        assert found.status == "PAUSED"

    WEBHOOKS = [
        ("template_status", {"status": "APPROVED", "reason": ""}),
        ("template_rejected", {"status": "REJECTED", "reason": "INVALID_FORMAT. The body has no sample. Add a sample"}),
        ("template_disabled", {"status": "DISABLED", "reason": "Disabled on April 17, 2026"}),
        ("template_quality", {"quality": "YELLOW"}),
        ("template_quality_in_status", {"quality": "YELLOW", "status": "PENDING"}),
        ("template_category_announced", {"category": "UTILITY"}),
        ("template_category", {"category": "MARKETING"}),
    ]

    @pytest.mark.parametrize(("name", "expected"), WEBHOOKS)
    def test_every_kind_of_webhook_finds_it(self, post: Any, name: str, expected: dict[str, str]) -> None:
        template = Template.objects.create(
            waba_id=WABA, name="order_confirmation", language="en_US", provider_id="1689556908129832", status="PENDING",
            category="UTILITY", components=[{"type": "BODY", "text": "Old"}],
        )  # fmt: skip
        post(payload(name))
        template.refresh_from_db()
        assert {field: getattr(template, field) for field in expected} == expected
        assert WebhookEvent.objects.get().state == "done"

    def test_new_components_of_one_that_is_named_by_its_id_alone(self, post: Any) -> None:
        Template.objects.create(
            waba_id=WABA, name="hi", language="en", provider_id="1689556908129832", status="APPROVED",
            components=[{"type": "BODY", "text": "Old"}],
        )  # fmt: skip
        post(payload("template_components"))
        assert Template.objects.get().components == [
            {"type": "BODY", "text": "Body"},
            {"type": "HEADER", "text": "Hi"},
            {"type": "FOOTER", "text": "F"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go"}]},
        ]

    def test_a_broken_one_is_kept(self, change: Any, make: Any) -> None:
        make()
        assert change("message_template_status_update", event=7).status_code == 200
        assert WebhookEvent.objects.get().state == "failed"
        assert Template.objects.get().status == "APPROVED"


@pytest.mark.parametrize(
    ("code", "status"), [(132001, "MISSING"), (132007, "REJECTED"), (132015, "PAUSED"), (132016, "DISABLED")]
)
def test_a_template_that_meta_refuses_leaves_the_picker(
    graph: GraphDouble, settings: Any, customer: Any, as_owner: Any, code: int, status: str
) -> None:
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = WABA
    Template.objects.create(waba_id=WABA, name="hi", language="en", status="APPROVED", components=[])
    body = {"customer": customer.pk, "type": "template", "template": {"name": "hi", "language": "en"}}
    message = as_owner.post("/api/messages/", body).json()["id"]
    graph.queue({"kind": "meta", "code": code})
    source = Outbox()
    for job in source.claim(5):
        source.run(job)
    assert Message.objects.get(pk=message).error["code"] == code
    assert Template.objects.get().status == status
    assert as_owner.get("/api/templates/").json()["results"] == []
