import logging

import pytest

from core.logs import HideSecrets


@pytest.mark.parametrize("name", ["ticket", "token", "access_token", "sig", "Token", "%74oken", "to%6Be%4e"])
def test_tickets_tokens_and_signatures_never_reach_a_log(name: str) -> None:
    record = logging.LogRecord(
        "uvicorn.error",
        logging.INFO,
        "",
        0,
        '%s - "WebSocket %s" [accepted]',
        ("127.0.0.1:1", f"/ws/chat/1/?last_seq=3&{name}=s3cret&x=1"),
        None,
    )
    assert HideSecrets().filter(record)
    assert record.getMessage() == f'127.0.0.1:1 - "WebSocket /ws/chat/1/?last_seq=3&{name}=...&x=1" [accepted]'
