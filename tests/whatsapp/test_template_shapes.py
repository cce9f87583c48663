"""Templates of every shape: what Meta is given, what the customer sees, what is asked for, and what is refused."""

from copy import deepcopy
from typing import Any

import pytest
from django.core.management import call_command

from messaging.models import Message
from tests.graph_double import GraphDouble
from tests.whatsapp.sending import Send, existing
from tests.whatsapp.template_shapes import ENDS, SHAPES, Shape, button, ends
from whatsapp.models import Template

pytestmark = pytest.mark.django_db

WABA = "102290129340398"


@pytest.fixture(autouse=True)
def _account(graph: GraphDouble, settings: Any) -> None:
    """Every shape is a template of the account, and Patter has fetched them."""
    settings.WHATSAPP_BUSINESS_ACCOUNT_ID = WABA
    graph.known = existing()
    graph.templates[WABA] = [
        {
            "id": str(number),
            "name": name,
            "language": "en",
            "status": "APPROVED",
            "category": "MARKETING",
            "components": shape.listed,
            **shape.more,
        }
        for number, (name, shape) in enumerate(SHAPES.items())
    ]
    call_command("sync_templates")


def template(name: str, **values: Any) -> dict[str, Any]:
    return {"type": "template", "template": {"name": name, "language": "en", **values}}


def ask_preview(client: Any, name: str, **body: Any) -> Any:
    return client.post(f"/api/templates/{Template.objects.get(name=name).pk}/preview/", body)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("form", ["parameters", "components"])
def test_what_meta_is_given(send: Send, graph: GraphDouble, name: str, form: str) -> None:
    shape = SHAPES[name]
    values = shape.parameters if form == "parameters" else shape.sent
    message = send(**template(name, **{form: values}))
    assert (message.status, message.error) == ("sent", None)
    assert graph.bodies[0]["template"] == {
        "name": name,
        "language": {"code": "en", "policy": "deterministic"},
        "components": shape.sent,
    }


@pytest.mark.parametrize("name", SHAPES)
def test_the_preview_is_what_the_chat_shows(send: Send, as_owner: Any, as_admin: Any, name: str) -> None:
    shape = SHAPES[name]
    answer = ask_preview(as_owner, name, parameters=shape.parameters)
    assert answer.status_code == 200, answer.json()
    shown = answer.json()
    assert {part: shown[part] for part in shape.shown} == shape.shown
    assert not Message.objects.filter(direction="outbound").exists()
    message = send(**template(name, parameters=shape.parameters))
    row = as_admin.get(f"/api/messages/{message.pk}/").json()
    assert (row["shown"], row["text"]) == (shown, shown["body"])
    assert row["payload"]["components"] == shape.sent


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if "{{" in str(shape.listed)])
def test_nothing_goes_out_without_its_values(send: Send, as_owner: Any, graph: GraphDouble, name: str) -> None:
    refused = send.post(**template(name))
    assert (refused.status_code, list(refused.json())) == (400, ["template"])
    assert ask_preview(as_owner, name).json() == refused.json()
    assert not Message.objects.filter(direction="outbound").exists()


def without(shape: Shape, place: int) -> list[dict[str, Any]]:
    return [part for index, part in enumerate(shape.sent) if index != place]


# Meta knows what these mean when they are left out, or Patter does.
OPTIONAL = {("buttons", 1), ("flow", 1), ("flow_without_data", 1), ("catalog", 1), ("catalog_without_thumbnail", 1)}
OPTIONAL |= {("calls", 1)} | {(name, 1) for name in SHAPES if name.startswith("code_")}
PARTS = [(name, place) for name, shape in SHAPES.items() for place in range(len(shape.sent))]


@pytest.mark.parametrize(("name", "place"), [part for part in PARTS if part not in OPTIONAL])
def test_no_part_may_be_missing(send: Send, as_owner: Any, name: str, place: int) -> None:
    components = without(SHAPES[name], place)
    refused = send.post(**template(name, components=components))
    assert (refused.status_code, list(refused.json()["template"])) == (400, ["components"])
    assert ask_preview(as_owner, name, components=components).json() == refused.json()
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize(("name", "place"), sorted(OPTIONAL))
def test_what_may_be_left_out(send: Send, graph: GraphDouble, name: str, place: int) -> None:
    assert send(**template(name, components=without(SHAPES[name], place))).status == "sent"
    assert graph.refused == []


def changed(name: str, path: str, value: Any) -> dict[str, Any]:
    """The short form of a shape with another value at `a__b`; numbers are places in a list."""
    parameters = deepcopy(SHAPES[name].parameters)
    at: Any = parameters
    *way, last = [int(step) if step.isdecimal() else step for step in path.split("__")]
    for step in way:
        at = at[step]
    at[last] = value
    return {"parameters": parameters}


REFUSED = [
    ("image", changed("image", "header", {"id": "901", "caption": "Blue"})),
    ("image", changed("image", "header", {"link": "http://shop.example/1"})),
    ("image", changed("image", "header", [{"type": "video", "video": {"id": "903"}}])),
    ("location", changed("location", "header", {"latitude": 91, "longitude": 1})),
    ("product", changed("product", "header", {"catalog_id": "c1"})),
    ("numbered", changed("numbered", "header", ["x" * 60])),
    ("numbered", changed("numbered", "body", ["one"])),
    ("numbered", changed("numbered", "body", {"1": "one", "3": "three"})),
    ("numbered", changed("numbered", "body", {"first": "one", "second": "two"})),
    ("numbered", changed("numbered", "body", ["one", {"type": "text", "parameter_name": "2", "text": "two"}])),
    ("named", changed("named", "surname", "Lee")),
    ("named", changed("named", "name", "")),
    ("amounts", {"parameters": [{"type": "currency", "currency": {"code": "EUR"}}, "x"]}),
    ("buttons", changed("buttons", "buttons__0", "x" * 257)),
    ("buttons", changed("buttons", "buttons__1", "x" * 2000)),
    ("buttons", changed("buttons", "buttons", [None, "a", "b"])),
    ("buttons", changed("buttons", "buttons", [None, "a", None, None, "b"])),
    ("buttons", changed("buttons", "buttons__0", {"type": "text", "text": "yes"})),
    ("buttons", changed("buttons", "buttons__1", {"type": "payload", "payload": "o/7"})),
    ("coupon", changed("coupon", "buttons__0", {"type": "payload", "payload": "MAY10"})),
    ("coupon", changed("coupon", "buttons__0", "x" * 16)),
    ("coupon", changed("coupon", "buttons__0", "")),
    ("offer", changed("offer", "limited_time_offer", ENDS // 1000)),
    ("offer", changed("offer", "limited_time_offer", 1_700_000_000_000)),
    ("offer", changed("offer", "limited_time_offer", 10**18)),
    ("offer", changed("offer", "limited_time_offer", "tomorrow")),
    ("offer", changed("offer", "limited_time_offer", "2100-01-01T00:00:00")),
    ("offer", changed("offer", "limited_time_offer", True)),
    ("offer", changed("offer", "body", ["x" * 600])),
    ("offer_without_end", changed("offer_without_end", "limited_time_offer", ENDS)),
    ("flow", changed("flow", "buttons__0", {"flow_token": "t", "flow_action_data": {}})),
    ("flow", changed("flow", "buttons__0", {"token": "t"})),
    ("products", changed("products", "buttons__0__sections", [])),
    ("products", changed("products", "buttons__0__sections__0__title", "x" * 25)),
    ("products", changed("products", "buttons__0__sections__0__title", "")),
    ("products", changed("products", "buttons__0__sections__0__product_items", [])),
    ("products", changed("products", "buttons__0__thumbnail_product_retailer_id", "")),
    ("catalog", changed("catalog", "buttons", [{"product": "p1"}])),
    ("code_to_copy", {"parameters": ["x" * 16]}),
    ("code_to_copy", {"parameters": {"body": ["123456"], "buttons": ["654321"]}}),
    ("calls", changed("calls", "buttons", [0])),
    ("calls", changed("calls", "buttons", [43201])),
    ("order", changed("order", "buttons__0__reference_id", "a b")),
    ("order", changed("order", "buttons__0__order__items", [])),
    ("carousel", changed("carousel", "cards", [])),
    ("carousel", changed("carousel", "cards", SHAPES["carousel"].parameters["cards"][:1])),
    ("carousel", changed("carousel", "cards", SHAPES["carousel"].parameters["cards"] * 2)),
    ("carousel", changed("carousel", "cards__0__header", {})),
    ("carousel", changed("carousel", "cards__0__body", [])),
    ("carousel", changed("carousel", "cards__0__body", ["x" * 160])),
    ("carousel", changed("carousel", "cards__1__buttons", [])),
    ("carousel", changed("carousel", "cards__1__cards", [{}])),
    ("carousel_of_products", changed("carousel_of_products", "cards__2__header", None)),
    (
        "carousel_of_products",
        changed("carousel_of_products", "cards", SHAPES["carousel_of_products"].parameters["cards"] * 4),
    ),
    ("image", {"parameters": {"header": {"id": "901"}, "body": ["a"], "cards": [{}]}}),
    ("image", {"parameters": {"header": {"id": "901"}, "body": ["a"], "footer": "x"}}),
]


@pytest.mark.parametrize(("name", "values"), REFUSED)
def test_what_meta_would_refuse_is_not_queued(
    send: Send, as_owner: Any, graph: GraphDouble, name: str, values: dict[str, Any]
) -> None:
    refused = send.post(**template(name, **values))
    assert (refused.status_code, list(refused.json()["template"])) == (400, ["parameters"]), refused.json()
    assert ask_preview(as_owner, name, **values).json() == refused.json()
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize(
    "components",
    [
        [*SHAPES["image"].sent, ends()],
        [*SHAPES["image"].sent, {"type": "carousel", "cards": []}, {"type": "carousel", "cards": []}],
        [*SHAPES["image"].sent, {"type": "carousel", "cards": [{"card_index": 1, "components": []}]}],
        [*SHAPES["image"].sent, {"type": "carousel", "cards": [7]}],
        [*SHAPES["image"].sent, {"type": "carousel"}],
        [*SHAPES["image"].sent, {"type": "footer", "parameters": []}],
        [*SHAPES["image"].sent, SHAPES["image"].sent[0]],
        [{"type": "header", "parameters": "x"}],
    ],
)
def test_components_that_are_not_the_templates(send: Send, components: list[Any]) -> None:
    refused = send.post(**template("image", components=components))
    assert (refused.status_code, list(refused.json()["template"])) == (400, ["components"]), refused.json()
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize(
    ("name", "place", "sent"),
    [
        ("buttons", 1, button("url", 0, {"type": "text", "text": "yes"})),
        ("buttons", 2, button("quick_reply", 1, {"type": "payload", "payload": "o/7"})),
        ("buttons", 2, button("url", 1, {"type": "payload", "payload": "o/7"})),
        ("coupon", 1, button("url", 0, {"type": "text", "text": "MAY10"})),
        ("coupon", 1, button("copy_code", 0, {"type": "text", "text": "MAY10"})),
        ("flow", 1, button("mpm", 0, {"type": "action", "action": {"flow_token": "t1"}})),
        ("code_to_copy", 1, button("copy_code", 0, {"type": "coupon_code", "coupon_code": "123456"})),
    ],
)
def test_a_button_of_another_type(send: Send, as_owner: Any, name: str, place: int, sent: dict[str, Any]) -> None:
    components = [*without(SHAPES[name], place), sent]
    refused = send.post(**template(name, components=components))
    assert (refused.status_code, list(refused.json()["template"])) == (400, ["components"]), refused.json()
    assert ask_preview(as_owner, name, components=components).json() == refused.json()
    assert not Message.objects.filter(direction="outbound").exists()


def test_values_of_numbered_variables_by_their_number(send: Send, graph: GraphDouble) -> None:
    shape = SHAPES["numbered"]
    assert (
        send(**template("numbered", parameters={"header": {"1": "A7"}, "body": {"2": "two", "1": "one"}})).text
        == (shape.shown["body"])
    )
    assert graph.bodies[0]["template"]["components"] == shape.sent


def test_a_list_that_does_not_say_how_variables_are_named(
    send: Send, as_owner: Any, graph: GraphDouble, settings: Any
) -> None:
    listed = graph.templates[WABA]
    for one in listed:
        one.pop("parameter_format", None)
    named_one = next(one for one in listed if one["name"] == "named")
    call_command("sync_templates")
    formats = dict(Template.objects.values_list("name", "parameter_format"))
    assert (formats.pop("named"), set(formats.values())) == ("NAMED", {"POSITIONAL"})
    named_one["parameter_format"] = "NAMED"  # what Meta goes by
    for form in ("parameters", "components"):
        values = getattr(SHAPES["named"], "sent" if form == "components" else form)
        assert send(**template("named", **{form: values})).status == "sent"
    assert [body["template"]["components"] for body in graph.bodies] == [SHAPES["named"].sent] * 2


@pytest.mark.parametrize(
    "listed",
    [
        [{"type": "BODY", "text": "Hi"}, {"type": "HOLOGRAM"}],
        [{"type": "HEADER", "format": "HOLOGRAM"}, {"type": "BODY", "text": "Hi"}],
        [{"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": [{"type": "TELEPORT", "text": "Go"}]}],
    ],
)
def test_what_patter_does_not_know_is_not_sent_without_it(send: Send, listed: list[Any]) -> None:
    Template.objects.filter(name="image").update(components=listed)
    refused = send.post(**template("image", components=[]))
    assert (refused.status_code, list(refused.json()["template"])) == (400, ["name"])
    assert "Patter cannot send" in refused.json()["template"]["name"][0]
    assert not Message.objects.filter(direction="outbound").exists()


def asked(client: Any, name: str) -> list[tuple[Any, ...]]:
    rows = client.get("/api/templates/", {"search": name}).json()["results"]
    row = next(one for one in rows if one["name"] == name)
    return [
        (one["place"], one["card"], one["index"], one["kind"], one["name"], one["required"], one["example"])
        for one in row["parameters"]
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "numbered",
            [
                ("header", None, None, "text", "1", True, "7"),
                ("body", None, None, "text", "1", True, "b"),
                ("body", None, None, "text", "2", True, "a"),
            ],
        ),
        (
            "offer_without_end",
            [("header", None, None, "video", "", True, None)],
        ),
        (
            "offer",
            [
                ("header", None, None, "image", "", True, None),
                ("body", None, None, "text", "1", True, "Anna"),
                ("limited_time_offer", None, None, "time", "", True, None),
                ("button", None, 0, "coupon_code", "", True, "MAY10"),
                ("button", None, 1, "text", "1", True, "https://shop.example/7"),
            ],
        ),
        ("code_in_one_tap", [("body", None, None, "code", "1", True, None)]),
        (
            "products",
            [("body", None, None, "text", "1", True, "Anna"), ("button", None, 0, "products", "", True, None)],
        ),
        (
            "carousel",
            [
                ("body", None, None, "text", "1", True, "Anna"),
                *[
                    one
                    for card in (0, 1)
                    for one in (
                        ("header", card, None, "image", "", True, None),
                        ("body", card, None, "text", "1", True, None),
                        ("button", card, 0, "payload", "", False, None),
                        ("button", card, 1, "text", "1", True, "https://shop.example/7"),
                    )
                ],
            ],
        ),
    ],
)
def test_the_list_says_what_is_asked_for(as_owner: Any, name: str, values: list[tuple[Any, ...]]) -> None:
    assert asked(as_owner, name) == values


def test_examples_of_named_variables(as_owner: Any) -> None:
    example = {"body_text_named_params": [{"param_name": "order", "example": "A7"}]}
    listed = [{"type": "BODY", "text": "{{name}}: {{order}}", "example": example}]
    Template.objects.filter(name="named").update(components=listed)
    assert [(one[4], one[6]) for one in asked(as_owner, "named")] == [("name", None), ("order", "A7")]


class TestPreview:
    def test_a_file_that_will_come_with_the_message(self, as_owner: Any) -> None:
        answer = ask_preview(as_owner, "image", parameters={"body": ["Anna"]}, with_file=True)
        assert (answer.status_code, answer.json()["header_content"]) == (200, {})
        assert ask_preview(as_owner, "video", parameters={"body": ["Anna"]}).status_code == 400

    @pytest.mark.parametrize("status", ["PAUSED", "MISSING"])
    def test_one_that_cannot_be_sent(self, as_owner: Any, status: str) -> None:
        Template.objects.update(status=status)
        answer = ask_preview(as_owner, "numbered", **{"parameters": SHAPES["numbered"].parameters})
        assert answer.json() == {"template": {"name": [f"The template is {status.lower()}."]}}
        assert answer.status_code == 400

    def test_fields_that_nobody_knows(self, as_owner: Any) -> None:
        answer = ask_preview(as_owner, "numbered", paramters=[])
        assert answer.json() == {"template": {"paramters": ["Unknown field. Did you mean parameters?"]}}

    def test_both_forms_at_once(self, as_owner: Any) -> None:
        assert ask_preview(as_owner, "numbered", parameters=[], components=[]).status_code == 400

    def test_a_missing_one(self, as_owner: Any, as_customer: Any) -> None:
        assert as_owner.post("/api/templates/999999/preview/", {}).status_code == 404
        assert ask_preview(as_customer, "numbered").status_code == 403


class TestLanguages:
    @pytest.fixture
    def speak(self, chat: Any, graph: GraphDouble) -> Any:
        """Have the template in these languages, and a customer who prefers one."""

        def make(preferred: str, *languages: str) -> None:
            Template.objects.all().delete()
            graph.templates[WABA] = []
            for language in languages:
                name, _, status = language.partition(":")
                fields = {"name": "hi", "language": name, "status": status or "APPROVED", "waba_id": WABA}
                Template.objects.create(**fields, components=[{"type": "BODY", "text": "Hi"}])
                graph.templates[WABA].append({**fields, "components": [{"type": "BODY", "text": "Hi"}]})
            type(chat).objects.filter(pk=chat.pk).update(preferred_language=preferred)

        return make

    @pytest.mark.parametrize(
        ("preferred", "languages", "chosen"),
        [
            ("de", ["de", "en"], "de"),
            ("en", ["de", "en_US"], "en_US"),
            ("en", ["en", "en_GB", "en_US"], "en"),
            ("en-gb", ["en", "en_GB", "en_US"], "en_GB"),
            ("en_GB", ["en_US", "en"], "en"),
            ("pt", ["pt_BR", "pt_PT"], "pt_BR"),
            ("de", ["de:PAUSED", "de_AT"], "de_AT"),
            ("si", ["en"], "en"),
            ("si", ["en", "de:PAUSED"], "en"),
        ],
    )
    def test_the_nearest_is_chosen(
        self, send: Send, speak: Any, preferred: str, languages: list[str], chosen: str
    ) -> None:
        speak(preferred, *languages)
        message = send(type="template", template={"name": "hi"})
        assert (message.status, message.payload["language"]["code"]) == ("sent", chosen)

    @pytest.mark.parametrize(
        ("preferred", "languages", "field"),
        [("si", ["de", "en"], "language"), ("si", [], "name"), ("de", ["de:PAUSED"], "name")],
    )
    def test_when_nobody_can_know(
        self, send: Send, speak: Any, preferred: str, languages: list[str], field: str
    ) -> None:
        speak(preferred, *languages)
        refused = send.post(type="template", template={"name": "hi"})
        assert (refused.status_code, list(refused.json()["template"])) == (400, [field])
        assert not Message.objects.filter(direction="outbound").exists()

    def test_a_named_language_is_taken(self, send: Send, speak: Any) -> None:
        speak("de", "de", "en")
        assert send(type="template", template={"name": "hi", "language": "en"}).payload["language"]["code"] == "en"
