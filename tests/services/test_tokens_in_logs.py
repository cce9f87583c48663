"""A token or a ticket in the URL of a socket reaches no log, whatever becomes of the socket."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.live_server import Socket
from tests.services.harness import Server, Stack, wait_for


def closed(server: Server, path: str, **options: Any) -> int:
    socket = Socket(server, path, **options)  # type: ignore[arg-type]  # it needs the port alone
    try:
        return socket.close_code(30)
    finally:
        socket.close()


def test_nothing_secret_is_logged(make_stack: Callable[[str], Stack]) -> None:
    stack = make_stack("embedded")
    server = stack.server()
    server.argv.remove("--no-access-log")
    server.start()
    token = stack.admin_token
    bearer = {"Authorization": f"Bearer {token}"}
    ticket = httpx.post(f"{server.url}/api/auth/ws-ticket/", headers=bearer, trust_env=False).json()["ticket"]

    for credential in (f"token={token}", f"ticket={ticket}", f"%74oken={token}"):
        socket = Socket(server, f"/ws/inbox/?{credential}&x=1")  # type: ignore[arg-type]
        assert socket.read(30)["type"] == "ready"
        socket.close()
    assert closed(server, f"/ws/chat/999999/?last_seq=4&token={token}") == 4404
    assert closed(server, f"/ws/nothing/?token={token}") == 4404
    assert closed(server, f"/ws/inbox/?token={token}x") == 4401
    assert closed(server, f"/ws/inbox/?token={token}", origin="https://evil.example") == 4403
    httpx.get(f"{server.url}/ws/inbox/?token={token}", trust_env=False)
    httpx.get(f"{server.url}/api/customers/?token={token}", trust_env=False)
    # The report of an error.
    stack.database.query("ALTER TABLE accounts_session RENAME TO gone")
    assert closed(server, f"/ws/inbox/?token={token}") == 1011

    wait_for("the last line", lambda: "a socket could not be opened" in server.output())
    said = server.output()
    assert "WEBSOCKET ws/inbox/ 1011" in said
    assert "GET api/customers/" in said
    for secret in (token, token.rpartition(".")[2], ticket):
        assert secret not in said
