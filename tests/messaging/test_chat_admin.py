"""The chat on a customer's page in Django admin: readable, page by page, and what can be done to a message."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from customers.models import Customer
from messaging.admin.transcript import details
from messaging.models import Attachment, BusinessNumber, Message
from tests.admin_pages import confirm, customer_url, do, opened
from tests.media_files import picture
from whatsapp.models import Template
from whatsapp.sandbox.account import ACCOUNT_ID


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def sent(customer: Customer, number: BusinessNumber, owner: User, says: Any) -> Any:
    """Let the owner send: `sent("text", status="read")`."""
    says(customer)

    def send(text: str, status: str = "sent", sender: User | None = owner, **fields: Any) -> Message:
        return Message.objects.create(
            customer=customer,
            business_number=number,
            direction="outbound",
            sender=sender,
            text=text,
            status=status,
            **fields,
        )

    return send


def said(page: str) -> list[str]:
    return re.findall(r'<p class="said">(.*?)</p>', page)


def test_what_patter_sends_by_itself_says_so(desk: Client, customer: Customer, sent: Any) -> None:
    sent("We are back at nine.", sender=None, automatic=True)
    sent("From the phone.", sender=None)
    page = opened(desk, customer, "chat")
    assert re.findall(r"<header><strong>(.*?)</strong>", page)[-2:] == ["Automatic", "sent from the phone"]
    writers = re.findall(r'class="field-writer">(.*?)<', desk.get("/admin/messaging/message/").content.decode())
    assert sorted(writers) == ["-", "-", "Automatic"]  # one is the customer's


def test_it_reads_like_a_chat(desk: Client, customer: Customer, owner: User, says: Any, sent: Any) -> None:
    says(customer, "Is my <b>sofa</b> ready? https://shop.example/sofa")
    answered = Message.objects.latest("pk")
    sent("It is.", "read", reply_to=answered, reactions=[{"emoji": "👍", "from": "94771234567"}])
    sent(
        "We deliver.",
        "failed",
        error={"code": 131047, "title": "Too late", "detail": "Use a template.", "retryable": True},
    )

    page = opened(desk, customer, "chat")

    assert "Is my &lt;b&gt;sofa&lt;/b&gt; ready?" in page
    assert '<a href="https://shop.example/sofa"' in page
    assert f"<strong>{customer.name}</strong>" in page
    assert f"<strong>{owner.name}</strong>" in page
    assert "<blockquote>Is my" in page
    assert "👍" in page
    assert re.search(r"✓✓</span>\s*read", page)
    assert "<strong>Too late</strong> Use a template." in page
    assert page.index("Is my") < page.index("It is.") < page.index("We deliver.")


def test_pictures_open_for_the_admin(desk: Client, customer: Customer, says: Any) -> None:
    says(customer, "look")
    message = Message.objects.latest("pk")
    attachment = Attachment(message=message, state="ready", mime_type="image/jpeg", file_name="sofa.jpg")
    attachment.file.save("sofa.jpg", ContentFile(picture()))

    found = re.search(r'<img src="([^"]+)" alt="sofa.jpg"', opened(desk, customer, "chat"))

    assert found is not None
    answer = desk.get(found[1].replace("&amp;", "&"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    Message.objects.filter(pk=message.pk).update(deleted_at=timezone.now())
    page = opened(desk, customer, "chat")
    assert "<img" not in page.split("customer-section")[1]
    assert "deleted by its sender" in page


def test_long_chats_are_read_page_by_page(
    desk: Client, customer: Customer, says: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(120):
        says(customer, f"message {number}", ago=timedelta(minutes=200 - number))
    with django_assert_max_num_queries(9):
        page = opened(desk, customer, "chat")
    seen = said(page)
    assert seen == [f"message {number}" for number in range(70, 120)]
    while found := re.search(r'href="([^"]+)">Older messages', page):
        with django_assert_max_num_queries(9):
            page = desk.get(customer_url(customer) + found[1].replace("&amp;", "&")).content.decode()
        seen = [*said(page), *seen]
    assert seen == [f"message {number}" for number in range(120)]
    assert "Newer messages" in page


def test_it_opens_around_a_message(desk: Client, customer: Customer, says: Any) -> None:
    ids = [says(customer, f"message {number}", ago=timedelta(minutes=200 - number)) for number in range(120)]
    page = opened(desk, customer, "chat", around=str(ids[10]))
    assert "message 10" in said(page)
    assert re.search(rf'marked" id="message-{ids[10]}"', page)
    for query in ({"around": "x"}, {"around": "0"}, {"cursor": "nonsense"}, {"page_size": "100000"}):
        assert said(opened(desk, customer, "chat", **query))[-1] == "message 119"


def test_a_failed_message_is_sent_again(desk: Client, admin: User, customer: Customer, sent: Any) -> None:
    message = sent("We deliver.", "failed")
    assert ">Send again</button>" in opened(desk, customer, "chat").replace("\n", "")

    page = do(desk, customer, "chat", "retry", item=message.pk)

    assert "Queued again." in page
    message.refresh_from_db()
    assert (message.status, message.retried_by) == ("queued", admin)
    assert "errornote" in do(desk, customer, "chat", "retry", item=message.pk)


def test_messages_of_others_are_not_there(desk: Client, owner: User, customer: Customer, sent: Any) -> None:
    message = sent("We deliver.", "failed")
    other = Customer.objects.create(first_name="Other", owner=owner)
    for item in (message.pk, 0, 10**20, "x", ""):
        assert "errornote" in do(desk, other, "chat", "retry", item=item)
    message.refresh_from_db()
    assert message.status == "failed"


def test_settling_asks_first(desk: Client, customer: Customer, sent: Any) -> None:
    message = sent("We deliver.", "uncertain")
    body = {"do": "was_sent", "given-item": message.pk}
    assert "Nothing is sent." in desk.post(customer_url(customer, "chat"), body).content.decode()
    message.refresh_from_db()
    assert message.status == "uncertain"
    do(desk, customer, "chat", "was_sent", item=message.pk)
    message.refresh_from_db()
    assert message.status == "sent"


@pytest.mark.parametrize(
    ("kind", "payload", "lines"),
    [
        ("location", {"name": "Shop", "latitude": 6.9, "longitude": 79.8}, ["Shop", "6.9, 79.8"]),
        ("contacts", [{"name": {"formatted_name": "Jo"}, "phones": [{"phone": "+94 77"}]}], ["Jo +94 77"]),
        ("contacts", {"contacts": [{"name": {"formatted_name": "Jo"}, "phones": [{"wa_id": "9477"}]}]}, ["Jo +9477"]),
        ("order", {"product_items": [{"product_retailer_id": "S", "quantity": 2, "item_price": 9, "currency": "USD"}]},
         ["2 x S, 9 USD"]),
        ("interactive", {"action": {"buttons": [{"reply": {"title": "Yes"}}]}}, ["○ Yes"]),
        ("interactive", {"action": {"sections": [{"rows": [{"title": "Red"}]}]}}, ["○ Red"]),
        ("interactive", {"header": {"type": "text", "text": "Sizes"}, "footer": {"text": "Shop"}, "action": {}},
         ["Sizes", "Shop"]),
        ("interactive", {"header": {"type": "image", "image": {"link": "https://x.example/1"}},
                         "action": {"parameters": {"display_text": "Open"}}}, ["https://x.example/1", "○ Open"]),
        ("interactive", {"action": {"cards": [{"body": {"text": "Oak"}, "action": {"buttons": [
            {"quick_reply": {"title": "More"}}]}}]}}, ["Oak", "○ More"]),
        ("interactive", {"action": {"sections": [{"product_items": [{"product_retailer_id": "p1"}]}]}}, ["○ p1"]),
        ("template", {"name": "hello"}, ["hello"]),
        ("location", None, []), ("contacts", "x", []), ("order", {"product_items": [1]}, []), ("new_kind", {}, []),
    ],
)  # fmt: skip
def test_what_is_no_text_is_told(kind: str, payload: Any, lines: list[str]) -> None:
    assert details(kind, payload) == lines


@pytest.fixture
def make_template(db: None) -> Any:
    described = [
        {"type": "HEADER", "format": "TEXT", "text": "Sale in {{1}}"},
        {"type": "BODY", "text": "Everything of oak"},
        {"type": "FOOTER", "text": "Patter demo"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://shop.example/"}]},
    ]
    return lambda: Template.objects.create(
        waba_id=ACCOUNT_ID, name="sale", language="en", status="APPROVED", components=described
    )


def test_a_template_is_told_as_the_customer_sees_it(
    desk: Client, customer: Customer, as_owner: APIClient, make_template: Any
) -> None:
    make_template()
    body = {
        "customer": customer.pk,
        "type": "template",
        "template": {"name": "sale", "parameters": {"header": ["May"]}},
    }
    assert as_owner.post("/api/messages/", body).status_code == 201
    page = opened(desk, customer, "chat")
    for line in ("Sale in May", "Everything of oak", "○ Look", "Patter demo"):
        assert line in page


def test_reports_name_messages_by_customer_and_text(desk: Client, customer: Customer, sent: Any) -> None:
    message = sent("We deliver.", "delivered")
    page = confirm(desk, "/admin/messaging/message/", "retry", [message])
    assert "1 refused" in page
    assert f"{customer.name}: We deliver." in page


def test_a_messages_page_leads_into_the_chat(desk: Client, customer: Customer, sent: Any) -> None:
    message = sent("We deliver.")
    page = desk.get(f"/admin/messaging/message/{message.pk}/change/").content.decode()
    assert f"{customer_url(customer, 'chat')}&amp;around={message.pk}#message-{message.pk}" in page
