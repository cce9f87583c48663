"""What a running Patter logs: as JSON or text, who did what with which result, and nothing personal."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.graph_double import GraphDouble
from tests.live_server import Socket
from tests.services.harness import Server, Stack, wait_for
from tests.services.meta import Meta, body_of, text_message

DATA = "/api/message/customer-data/"
PHONE, TEXT, NAME = "94771234567", "Is the green sofa still there", "Thilini Wijeratne"
EMAIL, STREET, FILE = "thilini@example.com", "12 Lotus Road", "passport of thilini"
PERSONAL = [PHONE, PHONE[2:], "+94 77", TEXT, "green sofa", "Thilini", "thilini", "Wijeratne", EMAIL, STREET, "Lotus"]
# Typed into the wrong field by somebody who is not there, and passwords.
TYPED = ["nobody-of-this-name", "hunter2-hunter2", "correct horse"]


def visit(server: Server, stack: Stack, graph: GraphDouble) -> int:
    """Do a bit of everything with one customer's data, right and wrong; return the customer's id."""
    sam = stack.people["sales"][0]
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as nobody:
        nobody.post("/api/auth/login/", json={"username": "sam", "password": "hunter2-hunter2"})
        nobody.post("/api/auth/login/", json={"username": "nobody-of-this-name", "password": "correct horse"})
        page = nobody.get("/admin/login/")
        typed = {"username": "nobody-of-this-name", "password": "correct horse"}
        form = {**typed, "csrfmiddlewaretoken": page.cookies["csrftoken"]}
        assert nobody.post("/admin/login/", data=form).status_code == 200
        for _ in range(3):
            nobody.get("/admin/", headers={"Host": "elsewhere.example"})
    Meta([server.url]).post(body_of(messages=[text_message(PHONE, "wamid.LOGS1", TEXT)]))
    with httpx.Client(
        base_url=server.url, trust_env=False, timeout=60, headers={"Authorization": f"Bearer {stack.admin_token}"}
    ) as desk:
        found = desk.get("/api/customers/", params={"search": PHONE}).json()["results"]
        customer: int = found[0]["id"]
        desk.patch(f"/api/customers/{customer}/", json={"name": NAME, "email": EMAIL})
        desk.get("/api/customers/", params={"search": NAME})
        desk.post(f"/api/customers/{customer}/addresses/", json={"line1": STREET, "city": "Kandy", "country": "LK"})
        upload = {"customer": str(customer), "key": "passport"}
        row = desk.post(DATA, data=upload, files={"file": (f"{FILE}.pdf", b"%PDF-1.7\n%%EOF\n")}).json()
        assert desk.get(row["file_url"]).status_code == 200
        desk.get(f"/media/customer_data/{FILE}.pdf")
        desk.get(f"/api/{NAME}/{PHONE}/")
        graph.faults.configure({"to": {PHONE: {"kind": "meta", "code": 131026, "details": f"{PHONE}: {TEXT}"}}})
        sent = desk.post("/api/messages/", json={"customer": customer, "type": "text", "text": TEXT, "client_id": "a"})
        wait_for("it to fail", lambda: desk.get(f"/api/messages/{sent.json()['id']}/").json()["status"] == "failed")
        graph.faults.configure({"to": {PHONE: {"kind": "meta", "code": 190, "status": 401, "details": TEXT}}})
        desk.post("/api/messages/", json={"customer": customer, "type": "text", "text": TEXT, "client_id": "b"})
        wait_for("the pause", lambda: desk.get("/readyz").json()["checks"]["business_numbers"]["paused"])
        desk.headers["Authorization"] = f"Bearer {sam['token']}"
        assert desk.get("/api/users/").status_code == 403
    socket = Socket(server, f"/ws/chat/{customer}/?token={stack.admin_token}&note={PHONE}")  # type: ignore[arg-type]
    socket.read_type("ready", 30)
    socket.close()
    return customer


def break_a_request(server: Server, stack: Stack) -> None:
    """Errors of the database quote what was asked of it."""
    stack.database.query("ALTER TABLE customers_address RENAME TO gone")
    answer = httpx.get(
        f"{server.url}/api/customers/1/addresses/?search={PHONE}",
        headers={"Authorization": f"Bearer {stack.admin_token}"},
        trust_env=False,
    )
    assert answer.status_code >= 400


def serve(stack: Stack, **settings: str) -> Server:
    stack.env |= settings
    server = stack.server()
    server.argv.remove("--no-access-log")
    server.start()
    return server


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_personal_is_logged(make_stack: Callable[[str], Stack], graph: GraphDouble, form: str) -> None:
    stack = make_stack("embedded")
    server = serve(stack, LOG_FORMAT=form, SLOW_REQUEST_MS="1")
    visit(server, stack, graph)
    break_a_request(server, stack)
    wait_for("the last line", lambda: "ws/chat/" in server.output())
    log = server.output()

    for secret in [*PERSONAL, *TYPED, stack.admin_token, stack.people["sales"][0]["token"], "soak-token"]:
        assert secret not in log, [line for line in log.splitlines() if secret in line][:3]
    assert log.count("elsewhere.example") == 1
    assert "add it to ALLOWED_HOSTS" in log
    assert "?" not in "".join(line for line in log.splitlines() if "patter.access" in line)


def test_each_line_is_an_object_that_says_who_did_what(make_stack: Callable[[str], Stack], graph: GraphDouble) -> None:
    stack = make_stack("embedded")
    server = serve(stack, LOG_FORMAT="json", SLOW_REQUEST_MS="1")
    customer = visit(server, stack, graph)
    admin, sam = stack.people["admin"]["id"], stack.people["sales"][0]["id"]
    wait_for("the last line", lambda: "ws/chat/" in server.output())
    lines: list[dict[str, Any]] = [json.loads(line) for line in server.output().splitlines()]

    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    access = [line for line in lines if line["logger"] == "patter.access"]
    (changed,) = [line for line in access if line["method"] == "PATCH"]
    assert (changed["route"], changed["user_id"], changed["status"]) == ("api/customers/<pk>/", admin, 200)
    assert len(changed["request_id"]) == 32
    assert changed["duration_ms"] > 0
    assert [line["user_id"] for line in access if line["status"] == 403] == [sam]
    assert {"api/webhook/", "api/auth/login/", "admin/login/", "readyz"} <= {line.get("route") for line in access}
    (chat,) = [line for line in access if line["method"] == "WEBSOCKET"]
    assert (chat["route"], chat["user_id"]) == ("ws/chat/<int:customer_id>/", admin)

    events = [line for line in lines if "event" in line]
    refused = [line.get("account_id") for line in events if line["event"] == "sign_in_failed"]
    assert refused == [sam, None, None]
    (failed,) = [line for line in events if line["event"] == "message_failed"]
    assert failed["code"] == 131026
    assert isinstance(failed["message_id"], int)
    assert [line["level"] for line in events if line["event"] == "number_paused"] == ["ERROR"]
    slow = [line for line in lines if line["logger"] == "patter.slow"]
    assert {line.get("route") for line in slow} & {"api/auth/login/", "api/customers/"}
    assert customer


def test_no_access_log_means_none_of_ours(make_stack: Callable[[str], Stack]) -> None:
    stack = make_stack("embedded")
    server = stack.server()
    server.start()
    httpx.get(f"{server.url}/livez", trust_env=False)
    httpx.get(f"{server.url}/readyz", trust_env=False)

    assert "patter.access" not in server.output()


def test_a_relay_logs_json_too(services: Stack) -> None:
    services.env["LOG_FORMAT"] = "json"
    relay = services.relay()
    relay.start()
    relay.stop()

    lines = [json.loads(line) for line in relay.output().splitlines()]
    assert [line["message"] for line in lines][-1] == "relay: stopping"
