"""nginx with deploy/nginx/patter.conf.template, as the compose file's service `proxy` runs it, on loopback ports."""

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.services.harness import ROOT, Process, free_port, listens

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
TEMPLATE = ROOT / "deploy" / "nginx" / "patter.conf.template"

# What the image has around conf.d.
AROUND = """
{user}
daemon off;
worker_processes 1;
error_log {root}/error.log;
pid {root}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    types {{ }}
    default_type application/octet-stream;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/patter.conf;
}}
"""


def compose() -> dict[str, Any]:
    """The compose file, with `${NAME:-default}` as when nothing is set."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text())
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


def certify(folder: Path) -> ssl.SSLContext:
    """Make a certificate for localhost in `folder`; return what trusts it, and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    chain = folder / "fullchain.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        str(folder / "privkey.pem"),
    ]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "2", *key, *names, "-out", str(chain)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return ssl.create_default_context(cafile=str(chain))


class Nginx(Process):
    """nginx in front of `servers`, each `host:port`. A test trusts its certificate with `trusted`."""

    def __init__(self, root: Path, servers: Sequence[str], media: str) -> None:
        assert NGINX is not None
        root.mkdir()
        self.http_port, self.port = free_port(), free_port()
        self.trusted = certify(root / "certificates")
        given = compose()["services"]["proxy"]["environment"]
        names = given.pop("NGINX_ENVSUBST_FILTER")
        values = {
            **given,
            "PATTER_SERVERS": " ".join(f"server {server} max_fails=0;" for server in servers),
            "HTTP_PORT": f"127.0.0.1:{self.http_port}",
            "HTTPS_PORT": f"127.0.0.1:{self.port}",
            "CERTIFICATES": str(root / "certificates"),
            "ACME_ROOT": str(root / "acme"),
            "MEDIA_ROOT": media,
            "LOGS": str(root),
        }
        # Of root, nginx's workers would be `nobody`, who may not look into the tests' folders.
        user = "user root;" if os.geteuid() == 0 else ""
        filled = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], TEMPLATE.read_text())
        assert set(re.findall(r"\w+", names)) == set(values)
        (root / "patter.conf").write_text(filled)
        (root / "nginx.conf").write_text(AROUND.format(root=root, user=user))
        super().__init__([NGINX, "-p", str(root), "-c", str(root / "nginx.conf")], dict(os.environ), root / "out.log")
        self.root = root

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def ready(self) -> bool:
        return listens(self.port)

    def access_log(self) -> str:
        return (self.root / "access.log").read_text()

    def client(self, token: str = "", **options: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(
            base_url=self.url, headers=headers, verify=self.trusted, timeout=30, trust_env=False, **options
        )
