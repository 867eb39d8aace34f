"""Signs uploads into the bucket: for minutes, for one key, one length and one checksum (UPG-17)."""

import base64
from datetime import timedelta
from functools import cache
from typing import Any, Literal

import boto3
from botocore.config import Config

from enghub.upgrade.artifacts.model import Artifact, Upload

VALID = timedelta(minutes=10)


def presigned(bucket: str, artifact: Artifact, *, local: bool) -> Upload:
    """Return the upload of an artifact; nothing is sent."""
    checksum = base64.b64encode(bytes.fromhex(artifact.sha256)).decode()
    signed = {
        "Bucket": bucket,
        "Key": f"upgrade/artifacts/{artifact.tenant_id}/{artifact.path}",
        "ContentLength": artifact.size_bytes,
        "ChecksumSHA256": checksum,
    }
    seconds = int(VALID.total_seconds())
    url: str = _client(local).generate_presigned_url("put_object", Params=signed, ExpiresIn=seconds)
    headers = {"Content-Length": str(artifact.size_bytes), "x-amz-checksum-sha256": checksum}
    return Upload(url, headers, artifact.allowed_at + VALID)


@cache
def _client(local: bool) -> Any:
    """Version 4 signatures alone cover headers; the bucket's own host saves a redirect that an upload cannot follow."""
    style: Literal["path", "virtual"] = "path" if local else "virtual"
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": style}))
