"""The names that files are sent with, in forms as browsers send them."""

import pytest
from rest_framework.test import APIClient

from customers.models import Customer
from tests.customer_data.uploads import DATA, PDF


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("ශ්\u200dරී ලංකා.pdf", "ශ්\u200dරී ලංකා.pdf"),
        ("می\u200cخواهم.pdf", "می\u200cخواهم.pdf"),  # noqa: RUF001
        ("12\u202f000\u00a0Rs.pdf", "12\u202f000\u00a0Rs.pdf"),
        ("caf&eacute;.pdf", "café.pdf"),
        ("a\u202eb\u200bc\u0085.pdf", "abc.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_names_arrive_as_they_are_spelt(as_owner: APIClient, customer: Customer, sent: str, shown: str) -> None:
    body = (
        f'--x\r\nContent-Disposition: form-data; name="customer"\r\n\r\n{customer.pk}\r\n'
        '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\ncontract\r\n'
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{sent}"\r\n\r\n'
    ).encode()
    body += PDF + b"\r\n--x--\r\n"
    answer = as_owner.generic("POST", DATA, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 201, answer.content
    assert answer.json()["file_name"] == shown
