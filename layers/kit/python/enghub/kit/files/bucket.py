"""Objects under a prefix of a bucket (UPG-15, UPG-17)."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.i18n import Text
from enghub.kit.files.listing import REFUSED, is_listed
from enghub.kit.files.store import DENIED, PART_BYTES, UNAVAILABLE, FileInfo, FileMissing, clean_path
from enghub.kit.work.errors import WorkFailed

QUOTA = Text(
    "{store} is full ({error}): make room or raise its quota, then resume. Nothing half-written was kept of {path}",
    "{store} 空间不足（{error}）：请释放空间或提高配额后继续。{path} 未留下不完整的内容",
)
_MISSING: Final = ("NoSuchKey", "404", "NotFound")
_OVER_QUOTA: Final = ("QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage")


class BucketFiles:
    """Objects under a prefix of a bucket. An object is there whole or not at all; large ones go up in parts."""

    def __init__(self, bucket: str, prefix: str, name: str = "The bucket") -> None:
        self._bucket = bucket
        self._prefix = prefix.rstrip("/") + "/" if prefix else ""
        self._name = name

    def info(self, path: str) -> FileInfo | None:
        """See `Files.info`."""
        try:
            with self._errors(path, is_read=True) as (client, place):
                head = client.head_object(**place)
        except FileMissing:
            return None
        return FileInfo(path, head["ContentLength"], head["LastModified"])

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        with self._errors(path, is_read=True) as (client, place):
            content: bytes = client.get_object(**place)["Body"].read()
            return content

    def open(self, path: str) -> BinaryIO:
        """Fetch the object into a temporary file, in memory while it is small."""
        file: Any = tempfile.SpooledTemporaryFile(max_size=16 * PART_BYTES)  # noqa: SIM115 - the caller closes it
        try:
            with self._errors(path, is_read=True) as (client, place):
                client.download_fileobj(self._bucket, place["Key"], file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        stream: BinaryIO = file
        return stream

    def write(self, path: str, data: bytes | BinaryIO) -> None:
        """See `Files.write`."""
        with self._errors(path) as (client, place):
            if isinstance(data, bytes):
                client.put_object(**place, Body=data, ChecksumAlgorithm="SHA256")
            else:
                client.upload_fileobj(data, self._bucket, place["Key"])

    def delete(self, path: str) -> None:
        """See `Files.delete`."""
        with self._errors(path) as (client, place):
            client.delete_object(**place)

    def move(self, path: str, target: str) -> None:
        """Copy, then delete: a stop between the two leaves both, and a repeat ends it."""
        try:
            with self._errors(path, is_read=True) as (client, place):
                client.copy({"Bucket": self._bucket, "Key": place["Key"]}, self._bucket, self._key(target))
                client.delete_object(**place)
        except FileMissing:
            return

    def list(self, folder: str) -> Iterator[FileInfo]:
        """See `Files.list`."""
        prefix = self._key(folder) + "/" if folder else self._prefix
        with self._errors(folder or "-") as (client, _):
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for item in page.get("Contents", ()):
                    path = item["Key"].removeprefix(self._prefix)
                    yield FileInfo(path, item["Size"], item["LastModified"])

    def _key(self, path: str) -> str:
        return self._prefix + "/".join(clean_path(path))

    @contextmanager
    def _errors(self, path: str, *, is_read: bool = False) -> Iterator[tuple[Any, dict[str, str]]]:
        try:
            yield aws.client("s3"), {"Bucket": self._bucket, "Key": self._key(path)}
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            refused = code in REFUSED
            if code in _MISSING or (is_read and refused and not is_listed(self._bucket, self._key(path))):
                raise FileMissing(path) from error
            denied = refused or code == "NoSuchBucket"
            full = code in _OVER_QUOTA
            text = QUOTA if full else DENIED if denied else UNAVAILABLE
            raise WorkFailed(
                text, retryable=not denied and not full, store=self._name, path=path, error=code
            ) from error
        except BotoCoreError as error:
            kind = type(error).__name__
            raise WorkFailed(UNAVAILABLE, retryable=True, store=self._name, path=path, error=kind) from error
