"""Files on S3 or a server that speaks its language, for Patter on several machines (setting MEDIA_STORAGE).

Loaded only if it is set: the client takes 0.7 s and 37 MB in each process. A file is one request of its own, so it is
stored whole or not at all, and under a name that was never used before.
"""

import logging
import posixpath
import secrets
import threading
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from storages.backends.s3 import S3Storage

from core.files.addresses import S3Address
from core.files.kinds import kind_of
from core.files.links import media_path
from core.files.storage import CannotStore, FilesAway, Kept, StorageUnusable

logger = logging.getLogger(__name__)

# How long a link is good that opens the bytes themselves. Whoever follows a redirect does so at once.
SECONDS = 60
# Requests of people wait for these.
CONNECT_SECONDS, READ_SECONDS = 3, 20
# Files that are read are kept in memory up to this size, then in the temporary directory.
SPOOL_BYTES = 1024 * 1024
# More than Patter's threads use at a time.
_CONNECTIONS = 32
# S3 takes so much in one request.
_LARGEST = 5 * 1024**3
_CLAIM = ".patter-"
_ERRORS = (BotoCoreError, ClientError, Boto3Error, HTTPClientError)


class S3MediaStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """django-storages' with one client for all threads, names that are never used twice, and Patter's errors."""

    def __init__(self, address: S3Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._connection: Any = None
        self._signer: Any = None
        super().__init__(
            bucket_name=address.bucket,
            location=address.prefix,
            endpoint_url=address.endpoint or None,
            region_name=address.region,
            max_memory_size=SPOOL_BYTES,
            client_config=_config(address),
            transfer_config=TransferConfig(multipart_threshold=_LARGEST, use_threads=False),
            querystring_expire=SECONDS,
        )

    @property
    def connection(self) -> Any:
        with self._lock:
            if self._connection is None:
                self._connection = self._create_session().resource("s3", **self._reached_at(self.address.endpoint))
            return self._connection

    def _create_session(self) -> Any:
        # Credentials that end, such as those of roles, are then renewed by the client.
        return boto3.Session()

    def _reached_at(self, endpoint: str) -> dict[str, Any]:
        return {"region_name": self.region_name, "endpoint_url": endpoint or None, "config": self.client_config}

    def generate_filename(self, filename: str) -> str:
        """Put the file into a folder of its own: no two files have one name, and nobody has to look."""
        folder, name = posixpath.split(super().generate_filename(filename))
        return posixpath.join(folder, secrets.token_hex(8), name)

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        kind = kind_of(name)
        content_type = kind.mime_type if kind is not None else "application/octet-stream"
        return {"ContentType": content_type, "CacheControl": "private, no-store"}

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """Patter's own path: nobody gets a file without being asked for the right to it."""
        return media_path(name)

    def redirect_to(self, name: str, *, content_type: str, disposition: str, method: str) -> str:
        """Return a URL that opens the file for a minute, under the given headers. Asks nobody."""
        with self._lock:
            if self._signer is None:
                self._signer = self._create_session().client("s3", **self._reached_at(self.address.public))
        shown = {
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": "private, no-store",
        }
        try:
            url: str = self._signer.generate_presigned_url(
                "head_object" if method == "HEAD" else "get_object",
                Params={"Bucket": self.bucket_name, "Key": self._key(name), **shown},
                ExpiresIn=SECONDS,
            )
        except _ERRORS as error:
            raise _away(error, "signed for") from error
        return url

    def _open(self, name: str, mode: str = "rb") -> Any:
        try:
            file = super()._open(name, mode)
            if "r" in mode:
                file.open()  # fetches it now, not in the middle of whoever reads it
        except _ERRORS as error:
            if _status_of(error) == 404:
                raise FileNotFoundError(name) from error
            raise _away(error, "read") from error
        return file

    def _save(self, name: str, content: Any) -> str:
        try:
            return str(super()._save(name, content))
        except _ERRORS as error:
            logger.error("a file cannot be stored in MEDIA_STORAGE: %s", error)
            raise CannotStore from error

    def delete(self, name: str) -> None:
        try:
            super().delete(name)
        except _ERRORS as error:
            raise _away(error, "removed") from error

    def exists(self, name: str) -> bool:
        try:
            return bool(super().exists(name))
        except _ERRORS as error:
            raise _away(error, "looked for") from error

    def kept(self, folder: str) -> Iterator[Kept]:
        """All files below a folder, in the order of their names."""
        for found in self._listed(f"{folder}/"):
            yield Kept(self._name(found["Key"]), found["Size"], found["LastModified"].timestamp())

    def existing(self, names: Collection[str]) -> set[str]:
        """Those of the names under which there is a file. Names of one day are listed rather than looked for."""
        days = {posixpath.dirname(posixpath.dirname(name)) for name in names}
        return {kept.name for day in days for kept in self.kept(day)} & set(names)

    def claimed_by_others(self, key: UUID) -> list[str]:
        """Say that the installation with this key uses the bucket, and name the others that have said so."""
        ours = f"{_CLAIM}{key}"
        try:
            self.bucket.Object(self._key(ours)).put(Body=b"")
        except _ERRORS as error:
            raise _away(error, "written") from error
        return [name for found in self._listed(_CLAIM) if (name := self._name(found["Key"])) != ours]

    def refuse_unusable(self) -> None:
        try:
            self.connection.meta.client.head_bucket(Bucket=self.bucket_name)
        except _ERRORS as error:
            refusal = _REFUSALS.get(_status_of(error))
            if refusal is not None:
                raise StorageUnusable(f"MEDIA_STORAGE: {refusal.format(self.bucket_name)}") from error
            logger.error("MEDIA_STORAGE cannot be reached, so there are no files until it can: %s", error)

    def _listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self.connection.meta.client.get_paginator("list_objects_v2")
        key = posixpath.join(self.location, prefix)
        try:
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=key):
                yield from page.get("Contents", ())
        except _ERRORS as error:
            raise _away(error, "listed") from error

    def _key(self, name: str) -> str:
        return str(self._normalize_name(name))

    def _name(self, key: str) -> str:
        return key[len(self.location) :].lstrip("/")


_REFUSALS = {
    400: "the server refuses the request. Are the region and the credentials right?",
    301: "the bucket {} is in another region. Name it: MEDIA_STORAGE=s3://{}?region=...",
    403: "the credentials are refused, or may not list the bucket {}.",
    404: "there is no bucket {}. Create it, or correct the name.",
}


def _config(address: S3Address) -> Config:
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if address.path_style else "virtual"},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=_CONNECTIONS,
        # Servers other than Amazon's do not all know the checksums that the client would add by itself.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _status_of(error: Exception) -> int:
    """The HTTP status of what a server answered; 0 if it was something else that went wrong."""
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"]) if isinstance(error, ClientError) else 0


def _away(error: Exception, what: str) -> FilesAway:
    logger.error("a file cannot be %s in MEDIA_STORAGE: %s", what, error)
    return FilesAway()
