"""Signs uploads into a bucket: for minutes, for one key, one length and one checksum (UPG-17)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from botocore.config import Config

from enghub.core.lazy import lazy

if TYPE_CHECKING:
    import boto3
else:
    boto3 = lazy("boto3")

VALID = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Upload:
    """A signed PUT. Length and checksum are part of the signature: S3 refuses another length and other bytes."""

    url: str
    headers: Mapping[str, str]
    expires_at: datetime


def presigned(bucket: str, key: str, *, size_bytes: int, sha256: str, at: datetime, local: bool) -> Upload:
    """Return the upload of one object; nothing is sent.

    Args:
        bucket: where to.
        key: of the object.
        size_bytes: its exact length.
        sha256: its checksum, 64 hex digits.
        at: since when the signature is valid.
        local: the stage answers on loopback, where buckets have no host of their own.
    """
    checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
    signed = {"Bucket": bucket, "Key": key, "ContentLength": size_bytes, "ChecksumSHA256": checksum}
    seconds = int(VALID.total_seconds())
    url: str = _client(local).generate_presigned_url("put_object", Params=signed, ExpiresIn=seconds)
    return Upload(url, {"Content-Length": str(size_bytes), "x-amz-checksum-sha256": checksum}, at + VALID)


@cache
def _client(local: bool) -> Any:
    """Version 4 signatures alone cover headers; the bucket's own host saves a redirect that an upload cannot follow."""
    style: Literal["path", "virtual"] = "path" if local else "virtual"
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": style}))
