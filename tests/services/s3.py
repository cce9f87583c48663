"""A server that speaks S3, behind a gate that can be shut, and what is in its bucket."""

import os
import sys
from pathlib import Path
from typing import Any

import boto3

from tests.services.gate import Gate
from tests.services.harness import Process, Stack, free_port

BUCKET = "patter-files"
PREFIX = "desk/one"
# No machine with a role answers here, and nobody asks one.
KEYS = {
    "AWS_ACCESS_KEY_ID": "only-here",
    "AWS_SECRET_ACCESS_KEY": "only-here",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "eu-north-1",
}


class S3Server(Process):
    """Keeps everything in memory. Patter reaches it through `gate`, browsers directly."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        super().__init__(argv, {**os.environ, **KEYS}, log)
        self.gate = Gate("127.0.0.1", self.port)

    def ready(self) -> bool:
        return "Running on" in self.output()

    def kill(self) -> None:
        self.gate.shut()
        super().kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        session = boto3.Session(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], region_name="eu-north-1")
        return session.client("s3", endpoint_url=self.url)

    def make_bucket(self) -> None:
        self.client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})

    def used_by(self, stack: Stack, **more: str) -> None:
        """Have the processes of a stack, which start later, keep their files here."""
        through = f"http://127.0.0.1:{self.gate.port}"
        address = f"s3://{BUCKET}/{PREFIX}?endpoint={through}&public={self.url}"
        stack.env.update({"MEDIA_STORAGE": address, **KEYS, **more})

    def put(self, name: str, content: bytes = b"x") -> None:
        self.client().put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=content)

    def names(self) -> set[str]:
        """What is in the bucket, without the marks of installations."""
        found = self.client().list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {one["Key"] for one in found if "/.patter-" not in one["Key"]}

    def content(self, name: str) -> bytes:
        body: bytes = self.client().get_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")["Body"].read()
        return body
