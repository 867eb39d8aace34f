"""Files of documents in the bucket, and the documents built on them (PLM-17).

``plm/uploads/<tenant>/<document>/<upload>`` is what people send: nothing there counts, all of it expires. What arrived
whole is written once more, by this software, to ``plm/documents/<tenant>/<document>/<upload>``, where no signature of
an upload ever leads: what counts is what was looked at.
"""

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config
from enghub.core.clock import system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import Unavailable
from enghub.core.i18n import Text
from enghub.core.observability import logger
from enghub.kit.files import uploads
from enghub.plm.changes.dynamo import DynamoChangeOrders
from enghub.plm.documents.dynamo import DynamoDocuments
from enghub.plm.documents.errors import ContentRefused, FileDamaged, NotUploaded, ScanPending
from enghub.plm.documents.media import MIB, disposition
from enghub.plm.documents.model import Link, LinkKind, Signed, Upload, Version
from enghub.plm.documents.service import SIZE, DocumentBook
from enghub.plm.ppaps.dynamo import DynamoPpaps

UPLOADS, KEPT = "plm/uploads", "plm/documents"
VERDICT, CLEAN, UNFIT = "GuardDutyMalwareScanStatus", "NO_THREATS_FOUND", ("THREATS_FOUND", "UNSUPPORTED")
"""GuardDuty's tag on what it scanned; other answers mean that the scan did not happen."""
FOUND = Text("the scan for malware says {verdict}", "恶意软件扫描结果为 {verdict}")
IN_MEMORY = 16 * MIB
CHUNK = MIB


@dataclass(frozen=True, slots=True)
class FilesConfig:
    """Where files are, and whether the bucket scans what arrives for malware (stage data ``malware_scan``)."""

    bucket_name: str
    malware_scan: bool = False


class BucketDocuments:
    """The DocumentFiles of ``documents.repository`` in the stage's bucket."""

    def sign(self, upload: Upload) -> Signed:
        """See DocumentFiles."""
        file, at = upload.file, upload.allowed_at
        signed = uploads.presigned(
            _files().bucket_name,
            f"{UPLOADS}/{_path(upload)}",
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            at=at,
            local=_is_local(),
        )
        return Signed(signed.url, signed.headers, signed.expires_at)

    @contextmanager
    def arrived(self, upload: Upload) -> Iterator[BinaryIO]:
        """See DocumentFiles."""
        place = {"Bucket": _files().bucket_name, "Key": f"{UPLOADS}/{_path(upload)}"}
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as content:
            self._fetch(place, upload, content)
            yield content  # type: ignore[misc]

    def _fetch(self, place: dict[str, str], upload: Upload, content: Any) -> None:
        name, announced = upload.file.file_name, upload.file.size_bytes
        try:
            found = aws.client("s3").get_object(**place)
            if _files().malware_scan:
                self._demand_clean({**place, "VersionId": found["VersionId"]}, name)
            if found["ContentLength"] != announced:
                problem = SIZE.filled(actual=found["ContentLength"], announced=announced)
                raise FileDamaged(file_name=name, problem=problem)
            for chunk in found["Body"].iter_chunks(CHUNK):
                content.write(chunk)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code == "AccessDenied":
                logger.warning("upload not readable", document=upload.document_id, upload=upload.upload_id)
            if code in {"NoSuchKey", "404", "AccessDenied", "403"}:  # who may not list a bucket hears 403 for missing
                raise NotUploaded(file_name=name) from error
            raise Unavailable(reason=f"S3 {code}") from error
        except BotoCoreError as error:
            raise Unavailable(reason=type(error).__name__) from error

    @staticmethod
    def _demand_clean(place: dict[str, str], name: str) -> None:
        tags = aws.client("s3").get_object_tagging(**place)["TagSet"]
        verdict = next((tag["Value"] for tag in tags if tag["Key"] == VERDICT), None)
        if verdict in UNFIT:
            raise ContentRefused(file_name=name, problem=FOUND.filled(verdict=verdict))
        if verdict != CLEAN:
            raise ScanPending(file_name=name)

    def keep(self, upload: Upload, content: BinaryIO) -> None:
        """See DocumentFiles."""
        content.seek(0)
        checksum = base64.b64encode(bytes.fromhex(upload.file.sha256)).decode()
        try:
            aws.client("s3").put_object(
                Bucket=_files().bucket_name,
                Key=f"{KEPT}/{_path(upload)}",
                Body=content,
                ChecksumSHA256=checksum,
                ContentType=upload.file.media_type,
                ContentDisposition=disposition(upload.file.file_name),
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(reason=type(error).__name__) from error

    def download(self, tenant_id: str, document_id: str, version: Version, at: datetime) -> Signed:
        """See DocumentFiles."""
        signed = uploads.presigned_download(
            _files().bucket_name,
            f"{KEPT}/{tenant_id}/{document_id}/{version.upload_id}",
            disposition=disposition(version.file.file_name),
            media_type=version.file.media_type,
            at=at,
            local=_is_local(),
        )
        return Signed(signed.url, signed.headers, signed.expires_at)


def _files() -> FilesConfig:
    found: FilesConfig = config.load(FilesConfig)
    return found


def _is_local() -> bool:
    found: CoreConfig = config.load(CoreConfig)
    return found.stage == "local"


def store_origin() -> str:
    """Return scheme and host that uploads go to, for a page's policy; nothing is sent."""
    at = system_clock()
    signed = uploads.presigned(_files().bucket_name, "-", size_bytes=0, sha256="00" * 32, at=at, local=_is_local())
    scheme, _, rest = signed.url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _path(upload: Upload) -> str:
    return f"{upload.tenant_id}/{upload.document_id}/{upload.upload_id}"


def exists(tenant_id: str, link: Link) -> bool:
    """Tell whether there is what a link names; products are the PLM's, of any code."""
    if link.kind is LinkKind.PPAP:
        return DynamoPpaps().get(tenant_id, link.id) is not None
    return link.kind is LinkKind.PRODUCT or DynamoChangeOrders().get(tenant_id, link.id) is not None


@cache
def documents() -> DocumentBook:
    """Return the documents."""
    return DocumentBook(DynamoDocuments(), BucketDocuments(), exists, system_clock)
