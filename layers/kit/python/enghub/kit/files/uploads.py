"""Signs uploads into a bucket: for minutes, for one key, one length, one checksum; and downloads (UPG-17, PLM-17)."""

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
    """A signed PUT. Length and checksum are part of the signature: S3 refuses another length and other bytes.

    Of a download, a signed GET without headers.
    """

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


def presigned_download(
    bucket: str, key: str, *, disposition: str, media_type: str, at: datetime, local: bool
) -> Upload:
    """Return where one object is read, under a name and type that the caller decides; nothing is sent.

    Args:
        bucket: where it is.
        key: of the object.
        disposition: the Content-Disposition to answer with.
        media_type: the Content-Type to answer with.
        at: since when the signature is valid.
        local: as for ``presigned``.
    """
    signed = {
        "Bucket": bucket,
        "Key": key,
        "ResponseContentDisposition": disposition,
        "ResponseContentType": media_type,
    }
    seconds = int(VALID.total_seconds())
    return Upload(_client(local).generate_presigned_url("get_object", Params=signed, ExpiresIn=seconds), {}, at + VALID)


@cache
def _client(local: bool) -> Any:
    """Version 4 signatures alone cover headers; the bucket's own host saves a redirect that an upload cannot follow."""
    style: Literal["path", "virtual"] = "path" if local else "virtual"
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": style}))
