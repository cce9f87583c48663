"""The search in messages: what is found, for whom, and in which order."""
# ruff: noqa: RUF001 - letters of other scripts look like those of ours

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from core.words import MOST, wanted_words, words_of
from customers.actions.merge import merge_customers
from customers.models import Customer
from messaging import search
from messaging.actions.indexing import index_missing
from messaging.actions.message_changes import edit_message, revoke_message
from messaging.models import BusinessNumber, Message
from messaging.relay.unindexed import Unindexed
from tests.messaging.steps import Says

pytestmark = pytest.mark.django_db
ALL, CHAT = "/api/messages/", "/api/customers/{}/messages/"


def ids(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


@pytest.fixture(params=[ALL, CHAT])
def found(as_owner: APIClient, customer: Customer, request: pytest.FixtureRequest) -> Callable[..., list[int]]:
    """What a search finds, among all messages and in the chat."""
    url = request.param.format(customer.pk)
    return lambda text, **more: ids(as_owner.get(url, {"search": text, **more}))


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Is José at the café?", ["jose", "CAFÉ jos", "cafe\N{COMBINING ACUTE ACCENT} josé", "at is"]),
        ("Straße 12, Zürich", ["strasse", "STRASSE 12", "zurich stra"]),
        ("Ο Σίσυφος ήρθε", ["σισυφος", "ΣΊΣΥΦΟΣ", "ΗΡΘΕ σισ"]),
        ("Ёлкин из İstanbul", ["елкин", "istanbul", "ISTANBUL ЁЛК"]),
        ("שלום עולם", ["שלום", "עולם של"]),
        ("اَلسَّلامُ عليكم", ["السلام", "عليكم الس"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनि"]),
        ("ශ්\N{ZERO WIDTH JOINER}රී ලංකාව", ["ශ්රී", "ලංකා"]),
        ("한국어 배송 문의", ["한국어", "배송 한", "문"]),
        ("我在日本工作三年", ["日本", "工作", "日", "三年", "年", "日本工作", "工作 日本"]),
        ("ガラスの靴はありますか", ["ガラス", "ｶﾞﾗｽ", "靴", "あります"]),
        ("สวัสดีครับ ราคาเท่าไหร่", ["ราคา", "สวัสดี", "เท่าไหร่ สวัส"]),
        ("iPhone手机壳 $20", ["iphone", "手机", "手机壳 iph", "20"]),
        ("thanks 👍🏽 ❤️", ["👍", "❤ thanks", "👍🏽"]),
        ("see https://shop.example/a-b?x=1", ["shop.example", "https", "a-b", "x=1"]),
        ("write to jose@shop.example or +94 77 123-4567", ["jose@shop.example", "4567", "+94 77 123"]),
        ('don\'t; "quote" it\\ 100%_cotton', ["don't", '"quote"', "100%_c", "it\\"]),
    ],
)
def test_words_are_found_however_they_are_typed(
    found: Callable[..., list[int]], customer: Customer, says: Says, text: str, typed: list[str]
) -> None:
    says(customer, "something else")
    message = says(customer, text)
    for words in typed:
        assert found(words) == [message], words


def test_all_words_in_any_order_and_the_last_one_as_it_has_begun(
    found: Callable[..., list[int]], customer: Customer, says: Says
) -> None:
    both = says(customer, "the red shoes, please")
    red = says(customer, "red or blue?")
    assert found("red") == found("RED ") == found("re") == [red, both]
    assert found("shoes red") == found("red sho") == [both]
    assert found("sho red") == found("hoes") == found("red shoes green") == []


def test_the_newest_is_first(found: Callable[..., list[int]], customer: Customer, says: Says) -> None:
    recent = says(customer, "price now")
    late = says(customer, "price then", ago=timedelta(hours=1))
    last = says(customer, "price")
    assert found("price") == [last, recent, late]
    assert found("price", before_date="2020-01-01") == []
    assert found("price", direction="outbound") == []


def test_what_was_taken_back_is_not_found(
    found: Callable[..., list[int]], customer: Customer, says: Says, number: BusinessNumber
) -> None:
    says(customer, "my secret", wamid="wamid.A")
    revoke_message(number=number, wamid="wamid.A", at=timezone.now())
    assert found("secret") == []
    assert Message.objects.get().words == ""


@pytest.mark.parametrize("after", ["two red shoes", "Two GREEN shoes!", "..."])
def test_an_edited_message_is_found_by_what_it_says_now(
    found: Callable[..., list[int]], customer: Customer, says: Says, number: BusinessNumber, after: str
) -> None:
    message = says(customer, "two green shoes", wamid="wamid.A")
    edit_message(number=number, wamid="wamid.A", edit_wamid="wamid.B", text=after, at=timezone.now())
    for word in ("two", "green", "red"):
        assert found(word) == ([message] if word in after.lower() else []), word


def test_what_is_sent_is_found_and_what_is_erased_is_not(
    found: Callable[..., list[int]], as_owner: APIClient, as_admin: APIClient, customer: Customer, says: Says
) -> None:
    says(customer, "hello")
    sent = as_owner.post("/api/messages/", {"customer": customer.pk, "text": "It costs ten"}).json()["id"]
    assert found("costs") == [sent]
    assert as_admin.delete(f"/api/customers/{customer.pk}/").status_code == 204
    assert ids(as_admin.get(ALL, {"search": "costs"})) == []
    assert indexed("costs") == 0


def indexed(word: str) -> int:
    """How many rows the index itself has for a word; checks that it says the same as the table."""
    if connection.vendor == "postgresql":
        return Message.objects.with_words(wanted_words(word)).count()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO messaging_message_words(messaging_message_words) VALUES ('integrity-check')")
        cursor.execute("SELECT count(*) FROM messaging_message_words WHERE messaging_message_words MATCH %s", [word])
        return int(cursor.fetchone()[0])


def test_a_merged_customers_messages_are_found_in_the_chat_that_stays(
    as_owner: APIClient, owner: User, customer: Customer, says: Says
) -> None:
    twin = Customer.objects.create(first_name="Twin", source="whatsapp", owner=owner)
    message = says(twin, "from the other phone")
    merge_customers(gone_id=twin.pk, into_id=customer.pk, actor=owner)
    assert ids(as_owner.get(CHAT.format(customer.pk), {"search": "phone other"})) == [message]
    assert ids(as_owner.get(ALL, {"search": "phone other"})) == [message]


@pytest.mark.parametrize("near", [2_000, 1])
def test_everybody_finds_what_they_may_see(
    as_admin: APIClient,
    as_owner: APIClient,
    as_stranger: APIClient,
    as_customer: APIClient,
    customer: Customer,
    says: Says,
    monkeypatch: pytest.MonkeyPatch,
    near: int,
) -> None:
    monkeypatch.setattr(search, "NEAR", near)
    nobodys = Customer.objects.create(first_name="Nobody's", source="whatsapp")
    theirs, other = says(customer, "price of tea"), says(nobodys, "price of coffee")
    assert ids(as_admin.get(ALL, {"search": "price"})) == [other, theirs]
    assert ids(as_owner.get(ALL, {"search": "price"})) == [theirs]
    assert ids(as_stranger.get(ALL, {"search": "price"})) == []
    assert as_customer.get(ALL, {"search": "price"}).status_code == 403
    foreign = as_stranger.get(CHAT.format(customer.pk), {"search": "price"})
    missing = as_stranger.get(CHAT.format(99999), {"search": "price"})
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "*",
        "' OR 1=1 --",
        'red" OR "*',
        "red:*",
        "& | !",
        "red <-> shoes",
        "words:red",
        "NEAR(red)",
        "-red",
        "^",
    ],
)
def test_nothing_that_is_typed_is_an_operator(
    found: Callable[..., list[int]], customer: Customer, says: Says, text: str
) -> None:
    red = says(customer, "red or 1 near words")
    # What has no letter is in no message.
    assert found(text) in ([], [red]) if words_of(text) else found(text) == []


def test_a_search_has_bounds(as_owner: APIClient, customer: Customer, says: Says) -> None:
    message = says(customer, "a" * 600 + " " + " ".join(f"w{n}" for n in range(3_000)))
    assert ids(as_owner.get(ALL, {"search": "a" * 500})) == [message]
    assert ids(as_owner.get(ALL, {"search": ("w1 w2999 " * 56)[:500]})) == [message]
    assert as_owner.get(ALL, {"search": "a" * 501}).status_code == 400
    assert as_owner.get(ALL, {"search": "re\x00d"}).status_code in (200, 400)
    assert ids(as_owner.get(ALL, {"search": "   "})) == [message]


def test_a_message_of_many_long_words_is_stored(customer: Customer, says: Says) -> None:
    words = [chr(0x10330 + n % 20) * 60 + str(n) for n in range(6_000)]
    assert says(customer, " ".join(words)) is not None


TEXTS = st.text(
    st.one_of(
        st.sampled_from("aAbß1 .,'\"*&|!:-\\%_\N{COMBINING ACUTE ACCENT}éİΣςかがﾊﾟ日本ไทย한국👍\u200d\ufe0f"),
        st.characters(),
    ),
    min_size=1,
    max_size=40,
).filter(lambda text: "\x00" not in text and text.isprintable())


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, data=st.data())
def test_searching_finds_what_is_stored(customer: Customer, number: BusinessNumber, text: str, data: Any) -> None:
    message = Message.objects.create(
        customer=customer, business_number=number, direction="inbound", status="received", text=text
    )
    parts = [part for part in text.split() if words_of(part)]
    typed = data.draw(st.lists(st.sampled_from(parts), max_size=4)) if parts else []
    if parts:
        last = data.draw(st.sampled_from(parts))
        typed.append(last[: data.draw(st.integers(1, len(last)))])
    wanted = wanted_words(" ".join(typed))
    assert bool(wanted) == bool(words_of(" ".join(typed)))
    for by_reading in (False, True):
        if wanted:
            hits = Message.objects.with_words(wanted, by_reading=by_reading).filter(pk=message.pk)
            assert hits.exists(), (text, typed, wanted)


@pytest.mark.parametrize("common", [0, 1_000])
@pytest.mark.parametrize(("near", "far"), [(1, 2), (3, 8), (4, 100)])
@pytest.mark.parametrize("path", [ALL, CHAT])
def test_the_same_is_found_by_reading_and_by_the_index(
    as_owner: APIClient,
    customer: Customer,
    says: Says,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    near: int,
    far: int,
    common: int,
) -> None:
    for name, value in (("NEAR", near), ("FAR", far), ("COMMON", common)):
        monkeypatch.setattr(search, name, value)
    sent = [says(customer, f"{'red ' * (n % 3 == 0)}shoe {n}", ago=timedelta(hours=n % 5)) for n in range(20)]
    expected = list(Message.objects.newest_first().filter(text__contains="red").values_list("pk", flat=True))
    assert len(expected) == 7 < len(sent)
    page = as_owner.get(path.format(customer.pk), {"search": "red", "page_size": 3})
    pages = [ids(page)]
    while page.json()["next"]:
        page = as_owner.get(page.json()["next"])
        pages.append(ids(page))
    assert [pk for one in pages for pk in one] == expected
    back = as_owner.get(page.json()["previous"])
    assert ids(back) == pages[-2]
    around = as_owner.get(CHAT.format(customer.pk), {"search": "red", "around": expected[3], "page_size": 3})
    assert ids(around) == expected[2:5]
    other = next(pk for pk in sent if pk not in expected)
    assert as_owner.get(CHAT.format(customer.pk), {"search": "red", "around": other}).status_code == 404


def test_the_relay_indexes_what_a_version_before_has_written(
    found: Callable[..., list[int]], customer: Customer, says: Says
) -> None:
    stored, changed = says(customer, "stored before"), says(customer, "written first")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_message SET words = NULL WHERE id = %s", [stored])
        cursor.execute("UPDATE messaging_message SET text = 'changed by hand' WHERE id = %s", [changed])
    assert found("before") == found("hand") == found("first") == []
    source = Unindexed()
    [job] = source.claim(1)
    source.run(job)
    assert (found("before"), found("hand"), found("first")) == ([stored], [changed], [])
    assert source.claim(1) == Unindexed().claim(1) == []
    assert index_missing([stored, changed]) == 0
    assert indexed("hand") == 1


def test_the_list_in_django_admin_finds_words_too(client: Client, admin: User, customer: Customer, says: Says) -> None:
    client.force_login(admin)
    message = says(customer, "Où est le café")
    says(customer, "something else")
    page: Any = client.get("/admin/messaging/message/", {"q": "CAFE ou"})
    assert [row.pk for row in page.context["cl"].result_list] == [message]


def test_more_words_than_are_looked_for(found: Callable[..., list[int]], customer: Customer, says: Says) -> None:
    message = says(customer, " ".join(f"w{n}" for n in range(MOST + 20)))
    assert found(" ".join(f"w{n}" for n in range(MOST + 20))) == [message]
