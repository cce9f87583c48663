import logging

from core.logs import HideSecrets


def test_tickets_tokens_and_signatures_never_reach_a_log() -> None:
    record = logging.LogRecord(
        "uvicorn.error",
        logging.INFO,
        "",
        0,
        '%s - "WebSocket %s" [accepted]',
        ("127.0.0.1:1", "/ws/chat/1/?last_seq=3&ticket=s3cret&x=1"),
        None,
    )
    assert HideSecrets().filter(record)
    assert record.getMessage() == '127.0.0.1:1 - "WebSocket /ws/chat/1/?last_seq=3&ticket=...&x=1" [accepted]'
