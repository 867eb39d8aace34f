"""Use cases of documents: make, link, upload, complete, download, withdraw (PLM-17)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, BinaryIO

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import EngHubError
from enghub.core.i18n import Filled, Text
from enghub.core.identity import Origin
from enghub.plm import published
from enghub.plm.documents import inspection
from enghub.plm.documents.errors import (
    ContentRefused,
    DocumentNotFound,
    DocumentVersionNotFound,
    FileDamaged,
    LinkedUnknown,
    UploadNotFound,
)
from enghub.plm.documents.media import MEDIA_TYPES, MIB
from enghub.plm.documents.model import Document, File, Link, LinkKind, Signed, Upload, Version, Withdrawal
from enghub.plm.documents.repository import DocumentFiles, Documents, FoundDocuments, FoundVersions

SIZE = Text("{actual} bytes instead of {announced}", "实际 {actual} 字节，应为 {announced} 字节")
CHECKSUM = Text("SHA-256 {actual} instead of {announced}", "SHA-256 为 {actual}，应为 {announced}")


@dataclass(frozen=True, slots=True)
class DocumentBook:
    """The documents of all tenants; ``exists`` tells whether there is what a link names."""

    documents: Documents
    files: DocumentFiles
    exists: Callable[[str, Link], bool]
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def get(self, tenant_id: str, document_id: str) -> Kept[Document]:
        """Return one.

        Raises:
            DocumentNotFound
        """
        found = self.documents.get(tenant_id, document_id)
        if found is None:
            raise DocumentNotFound(document_id=document_id)
        return found

    def page(self, tenant_id: str, link: Link | None, limit: int, cursor: str | None) -> FoundDocuments:
        """Return a page of what belongs to something, or of all that a tenant has."""
        if link is None:
            return self.documents.page(tenant_id, limit, cursor)
        return self.documents.of(tenant_id, link, limit, cursor)

    def versions(self, tenant_id: str, document_id: str, limit: int, cursor: str | None) -> FoundVersions:
        """Return a page of a document's versions, the newest first; raises as ``get``."""
        self.get(tenant_id, document_id)
        return self.documents.versions(tenant_id, document_id, limit, cursor)

    def create(self, wanted: Document, origin: Origin, claim: Claim | None) -> Kept[Document]:
        """Store a new one, without a file yet; raises LinkedUnknown, Replayed."""
        document = wanted.linked(wanted.links)
        self._check(document, ())
        return self.documents.save(Commit(origin, "created", document, claim=claim))

    def link(self, document_id: str, links: tuple[Link, ...], origin: Origin) -> Kept[Document]:
        """Replace what it belongs to; raises as ``get``, LinkedUnknown, DocumentWithdrawn, VersionConflict."""
        before = self.get(origin.tenant_id, document_id)
        after = before.value.linked(links)
        if after == before.value:
            return before
        self._check(after, before.value.links)
        return self.documents.save(Commit(origin, "linked", after, before))

    def _check(self, document: Document, known: tuple[Link, ...]) -> None:
        for at, link in enumerate(document.links):
            if link not in known and not self.exists(document.tenant_id, link):
                raise LinkedUnknown(field=f"links.{at}.id", kind=link.kind.value, id=link.id)

    def ask(self, document_id: str, file: File, origin: Origin, via: str = "") -> tuple[Upload, Signed]:
        """Allow one file to be sent: who may send what is kept before a signature is out in the world.

        Raises as ``get``, DocumentWithdrawn.
        """
        self.get(origin.tenant_id, document_id).value.in_use()
        upload_id = self.new_id(origin.at)
        upload = Upload(origin.tenant_id, document_id, upload_id, file, origin.user_id, origin.at, via)
        kept = self.documents.save_upload(Commit(origin, "allowed", upload))
        return kept.value, self.files.sign(kept.value)

    def complete(self, document_id: str, upload_id: str, origin: Origin, via: str = "") -> Kept[Document]:
        """Take what was sent as the next version, if it is what was announced; again it stays.

        Raises:
            DocumentNotFound, UploadNotFound, DocumentWithdrawn, NotUploaded, ScanPending
            FileDamaged, ContentRefused: what came is not kept; that is in the audit.
            VersionConflict
        """
        before = self.get(origin.tenant_id, document_id)
        upload = self.documents.upload(origin.tenant_id, document_id, upload_id)
        if upload is None or upload.value.via != via:
            raise UploadNotFound(upload_id=upload_id)
        if upload.value.version:
            return before
        after, version = before.value.with_version(upload.value, origin.user_id, origin.at)
        try:
            with self.files.arrived(upload.value) as content:
                _check_file(content, upload.value.file)
                self.files.keep(upload.value, content)
        except (FileDamaged, ContentRefused) as error:
            self._refuse(upload, error, origin)
            raise
        events = (_added(after, version).envelope(origin),)
        return self.documents.add(Commit(origin, "version_added", after, before, events), version, upload)

    def _refuse(self, upload: Kept[Upload], error: EngHubError, origin: Origin) -> None:
        said = error.message("en")[:500]
        if upload.value.refused != said:
            after = replace(upload.value, refused=said)
            self.documents.save_upload(Commit(origin, "refused", after, upload, reason=said))

    def withdraw(self, document_id: str, reason: str, origin: Origin) -> Kept[Document]:
        """Take it out of use; again it stays. Raises as ``get``, VersionConflict."""
        before = self.get(origin.tenant_id, document_id)
        after = before.value.withdrawn(Withdrawal(reason, origin.user_id, origin.at))
        if after is before.value:
            return before
        event = published.DocumentWithdrawn(**_said(after), versions=after.versions, reason=reason)
        return self.documents.save(Commit(origin, "withdrawn", after, before, (event.envelope(origin),), reason=reason))

    def download(
        self, tenant_id: str, document_id: str, number: int, *, is_withdrawn_fine: bool
    ) -> tuple[Version, Signed]:
        """Return a version, and where its file is read for minutes.

        Raises as ``get``, DocumentVersionNotFound; DocumentWithdrawn unless that is asked for.
        """
        document = self.get(tenant_id, document_id).value
        if not is_withdrawn_fine:
            document.in_use()
        version = self.documents.version(tenant_id, document_id, number)
        if version is None:
            raise DocumentVersionNotFound(document_id=document_id, number=number)
        return version, self.files.download(tenant_id, document_id, version, self.clock())


def _check_file(content: BinaryIO, file: File) -> None:
    """Compare what came with what was announced, then look into it.

    Raises:
        FileDamaged, ContentRefused
    """
    content.seek(0)
    hashed, size = hashlib.sha256(), 0
    while chunk := content.read(MIB):
        hashed.update(chunk)
        size += len(chunk)
    digest = hashed.hexdigest()
    problem: Filled | None = None
    if size != file.size_bytes:
        problem = SIZE.filled(actual=size, announced=file.size_bytes)
    elif digest != file.sha256:
        problem = CHECKSUM.filled(actual=digest, announced=file.sha256)
    if problem is not None:
        raise FileDamaged(file_name=file.file_name, problem=problem)
    try:
        inspection.check(content, MEDIA_TYPES[file.media_type])
    except inspection.Refusal as refusal:
        raise ContentRefused(file_name=file.file_name, problem=refusal.problem) from refusal


def _said(document: Document) -> dict[str, Any]:
    """Return what every event of a document says."""
    links = document.links
    return {
        "document_id": document.document_id,
        "title": document.title,
        "kind": document.kind.value,
        "products": tuple(one.id for one in links if one.kind is LinkKind.PRODUCT),
        "changes": tuple(one.id for one in links if one.kind is LinkKind.CHANGE),
        "ppap_elements": tuple(f"{one.id}/{one.element}" for one in links if one.kind is LinkKind.PPAP),
    }


def _added(document: Document, version: Version) -> published.DocumentVersionAdded:
    file = version.file
    return published.DocumentVersionAdded(
        **_said(document),
        version=version.number,
        file_name=file.file_name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        supplier_link=version.via,
    )
