"""The request that opens a socket, and how it is answered."""

from typing import Any

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("path", ["/ws/nothing/", "/ws/chat/abc/", "/ws/chat/1", "/"])
def test_a_path_without_a_socket_is_not_found(open_socket: Any, owner: Any, token_of: Any, path: str) -> None:
    assert open_socket(path, token_of(owner)).close_code() == 4404


@pytest.mark.parametrize("origin", ["http://[::1", "null", "http://evil.example", "//"])
def test_a_foreign_or_broken_origin_is_refused(
    open_socket: Any, owner: Any, token_of: Any, customer: Any, origin: str
) -> None:
    assert open_socket(f"/ws/chat/{customer.pk}/", token_of(owner), origin=origin).close_code() == 4403


def test_too_many_parameters_are_ignored(open_socket: Any, owner: Any, token_of: Any, customer: Any) -> None:
    query = "&".join(f"a{n}=1" for n in range(30))
    assert open_socket(f"/ws/chat/{customer.pk}/?{query}", token_of(owner)).read()["type"] == "ready"
    assert open_socket(f"/ws/chat/{customer.pk}/?ticket=x&{query}").close_code() == 4401
