"""Behind a real nginx that ends TLS, with the configuration and the settings as printed: nothing goes in circles."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest
from websockets.sync.client import connect

from tests.services.harness import ROOT, Server, Stack, manage, wait_for
from tests.services.meta import body_of, signature, text_message
from tests.services.nginx import NGINX, Nginx, compose

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

DATA = "/api/message/customer-data/"
PDF = b"%PDF-1.7\n" + b"x" * 5000 + b"\n%%EOF\n"
PASSWORD = "behind-a-proxy-1"
TLS = {"HTTPS_ONLY": "1", "ALLOWED_HOSTS": "localhost", "FILES_ACCEL_PREFIX": "/protected/"}


@pytest.fixture
def stack(make_stack: Callable[[str], Stack]) -> Stack:
    stack = make_stack("embedded")
    stack.env |= TLS
    return stack


@pytest.fixture
def server(stack: Stack) -> Server:
    server = stack.server()
    server.argv.append("--no-proxy-headers")
    server.start()
    return server


@pytest.fixture
def nginx(stack: Stack, server: Server) -> Iterator[Nginx]:
    proxy = Nginx(stack.root / "nginx", [f"127.0.0.1:{server.port}"], stack.env["MEDIA_ROOT"])
    proxy.start()
    yield proxy
    proxy.stop()


def post_webhook(client: httpx.Client) -> httpx.Response:
    body = body_of(messages=[text_message("94771234567", "wamid.TLS1")])
    return client.post("/api/webhook/", content=body, headers={"X-Hub-Signature-256": signature(body)})


def sign_in(client: httpx.Client, origin: str) -> httpx.Response:
    """Sign in to Django admin as a browser does, which names the page's origin."""
    page = client.get("/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None, page.text[:500]
    form = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
    headers = {"Origin": origin, "Referer": f"{origin}/admin/login/"}
    return client.post("/admin/login/", data=form, headers=headers)


def give_password(stack: Stack) -> None:
    """The stack's people have none."""
    code = f"user = User.objects.get(username='ada'); user.set_password('{PASSWORD}'); user.save()"
    manage(stack.env, "shell", "-v0", "-c", f"from accounts.models import User; {code}")


def test_people_webhooks_and_sockets_come_through(stack: Stack, nginx: Nginx) -> None:
    give_password(stack)
    with nginx.client(stack.admin_token) as client:
        assert post_webhook(client).status_code == 200
        me = client.get("/api/auth/me/")
        assert me.status_code == 200
        assert "max-age" in me.headers["Strict-Transport-Security"]
        found = client.get("/api/customers/", params={"search": "94771234567"}).json()["results"]
        assert len(found) == 1
    with nginx.client() as browser:
        signed_in = sign_in(browser, nginx.url)
        assert (signed_in.status_code, signed_in.headers["Location"]) == (302, "/admin/")
        assert "Secure" in signed_in.headers["Set-Cookie"]
        assert browser.get("/admin/").status_code == 200
    address = f"wss://localhost:{nginx.port}/ws/inbox/?token={stack.admin_token}"
    with connect(address, ssl=nginx.trusted, origin=nginx.url, proxy=None) as socket:  # type: ignore[arg-type]
        assert '"ready"' in str(socket.recv(timeout=30))


def test_plain_http_is_redirected_once(nginx: Nginx) -> None:
    address = f"http://127.0.0.1:{nginx.http_port}/api/auth/me/?a=b"
    answer = httpx.get(address, headers={"Host": "localhost"}, trust_env=False)

    assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/api/auth/me/?a=b")


def test_files_come_from_nginx_to_those_who_may_see_them(stack: Stack, nginx: Nginx, server: Server) -> None:
    sam, stella = (one["token"] for one in stack.people["sales"])
    with nginx.client(sam) as client:
        customer = client.post("/api/customers/", json={"name": "Jane Roe"}).json()["id"]
        fields = {"customer": str(customer), "key": "contract"}
        row = client.post(DATA, data=fields, files={"file": ("contract of jane.pdf", PDF)}).json()
        assert row["file_url"].startswith(nginx.url)
        whole = client.get(row["file"])
        part = client.get(row["file_url"], headers={"Range": "bytes=1000-1999"})
        direct = client.get("/protected/" + row["file"].partition("/media/")[2])
    with nginx.client(stella) as other:
        refused = other.get(row["file"])
    assert (whole.status_code, whole.content) == (200, PDF)
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "contract of jane.pdf" in whole.headers["Content-Disposition"]
    assert (part.status_code, part.content) == (206, PDF[1000:2000])
    assert (direct.status_code, refused.status_code) == (404, 404)
    # It was nginx: of Patter's answer there is a redirect to it, and no content.
    answer = httpx.get(
        f"http://127.0.0.1:{server.port}/media/{row['file'].partition('/media/')[2]}",
        headers={"Authorization": f"Bearer {sam}", "Host": "localhost", "X-Forwarded-Proto": "https"},
        trust_env=False,
    )
    assert answer.headers["X-Accel-Redirect"].startswith("/protected/customer_data/")
    log = nginx.access_log()
    assert "jane" not in log
    assert "sig=" not in log
    assert whole.headers["X-Request-ID"] in log


def test_a_proxy_that_is_not_believed_is_named(stack: Stack, server: Server, nginx: Nginx) -> None:
    server.stop()
    server.start(FORWARDED_ALLOW_IPS="10.0.0.7")
    with nginx.client(stack.admin_token) as client:
        assert [post_webhook(client).status_code, client.get("/api/auth/me/").status_code] == [301, 301]
    wait_for("the warning", lambda: "127.0.0.1 says that a request came over TLS" in server.output())

    assert server.output().count("FORWARDED_ALLOW_IPS does not name it") == 1


def test_a_refused_host_is_named_once(server: Server, nginx: Nginx) -> None:
    with nginx.client() as client:
        answers = [client.get("/admin/", headers={"Host": "wrong.example.com"}).status_code for _ in range(5)]

    assert set(answers) == {400}
    wait_for("the warning", lambda: "'wrong.example.com' is refused" in server.output())
    assert server.output().count("wrong.example.com") == 1
    assert "Traceback" not in server.output()


def doctor(stack: Stack, nginx: Nginx, **settings: str) -> str:
    """What `manage.py doctor` says about the webhook."""
    trusted = {"SSL_CERT_FILE": str(nginx.root / "certificates" / "fullchain.pem"), "PUBLIC_URL": nginx.url}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env={**stack.env, **trusted, **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 1  # the double of Meta knows no tokens
    return "\n".join(line for line in done.stdout.splitlines() if " webhook " in line)


def test_the_doctor_tries_what_meta_tries(stack: Stack, server: Server, nginx: Nginx) -> None:
    stack.env["WHATSAPP_VERIFY_TOKEN"] = server.env["WHATSAPP_VERIFY_TOKEN"] = "a-long-verify-token"
    server.stop()
    server.start()
    said = doctor(stack, nginx)
    assert "warning  webhook    the certificate ends in 1 days. Renew it" in said
    assert f"ok       webhook    {nginx.url}/api/webhook/ answers, and knows the verify token." in said

    assert "Restart Patter after changing" in doctor(stack, nginx, WHATSAPP_VERIFY_TOKEN="another")
    assert "Meta will not accept the certificate" in doctor(stack, nginx, SSL_CERT_FILE="")
    server.stop()
    assert "the proxy does not reach Patter" in doctor(stack, nginx)
    server.start(FORWARDED_ALLOW_IPS="10.0.0.7")
    assert "FORWARDED_ALLOW_IPS" in doctor(stack, nginx)


def test_compose_believes_the_proxies_of_its_own_network() -> None:
    parsed = compose()
    (network,) = parsed["networks"]["default"]["ipam"]["config"]
    for name in ("web", "web2", "relay", "migrate"):
        assert network["subnet"] in parsed["services"][name]["environment"]["FORWARDED_ALLOW_IPS"].split(",")
