"""Where files are kept, as the setting MEDIA_STORAGE says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Any of these tells the client where its credentials come from.
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_PARAMETERS = ("endpoint", "public", "region", "addressing", "credentials")
_EXAMPLE = "s3://bucket/prefix?endpoint=https://s3.example.com"


@dataclass(frozen=True)
class S3Address:
    """A bucket and how it is reached. `endpoint` is empty for Amazon's own; `public` is how browsers reach it."""

    bucket: str
    prefix: str
    endpoint: str
    public: str
    region: str
    path_style: bool

    @property
    def origin(self) -> str:
        """The origin to which browsers are sent, such as `https://s3.example.com`."""
        if not self.public:
            return f"https://{self.bucket}.s3.{self.region}.amazonaws.com"
        scheme, netloc, *_ = urlsplit(self.public)
        return f"{scheme}://{netloc}" if self.path_style else f"{scheme}://{self.bucket}.{netloc}"


def s3_address(url: str, environment: Mapping[str, Any]) -> S3Address:
    """Parse `s3://bucket/prefix?endpoint=…`. Raises ValueError, with what to do, also if there are no credentials."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"MEDIA_STORAGE must look like {_EXAMPLE}, or be empty. Credentials go into AWS_ variables.")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := [name for name in given if name not in _PARAMETERS]:
        raise ValueError(f"MEDIA_STORAGE has the parameter {unknown[0]!r}, but knows only {', '.join(_PARAMETERS)}.")
    for name in ("endpoint", "public"):
        address = urlsplit(given.get(name, ""))
        if name in given and (address.scheme not in ("http", "https") or not address.hostname):
            raise ValueError(
                f"MEDIA_STORAGE has {name}={given[name]}, but it must be a URL like https://s3.example.com."
            )
    endpoint = given.get("endpoint", "").rstrip("/")
    addressing = given.get("addressing", "path" if endpoint else "virtual")
    if addressing not in ("path", "virtual"):
        raise ValueError(
            "MEDIA_STORAGE: addressing must be path (https://host/bucket) or virtual (https://bucket.host)."
        )
    _require_credentials(given.get("credentials", "environment"), environment)
    return S3Address(
        bucket=parts.netloc,
        prefix=unquote(parts.path).strip("/"),
        endpoint=endpoint,
        public=given.get("public", "").rstrip("/") or endpoint,
        region=given.get("region")
        or environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
        or "us-east-1",
        path_style=addressing == "path",
    )


def _require_credentials(source: str, environment: Mapping[str, Any]) -> None:
    if source not in ("environment", "machine"):
        raise ValueError("MEDIA_STORAGE: credentials must be environment, or machine (the role of an EC2 machine).")
    if source == "machine":
        return
    if not any(environment.get(name) for name in _CREDENTIALS):
        raise ValueError(
            "MEDIA_STORAGE needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. On an EC2 machine with "
            "a role, add credentials=machine to MEDIA_STORAGE."
        )
    if environment.get("AWS_ACCESS_KEY_ID") and not environment.get("AWS_SECRET_ACCESS_KEY"):
        raise ValueError("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY.")
