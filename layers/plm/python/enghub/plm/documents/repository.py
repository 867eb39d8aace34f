"""What documents need of a store and of the place where files are."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.documents.model import Document, Link, Signed, Upload, Version


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """One page; ``cursor`` continues it."""

    documents: tuple[Document, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FoundVersions:
    """One page, the newest first; ``cursor`` continues it."""

    versions: tuple[Version, ...]
    cursor: str | None


class Documents(Protocol):
    """The documents of all tenants."""

    def get(self, tenant_id: str, document_id: str) -> Kept[Document] | None:
        """Return one, read consistently."""

    def save(self, commit: Commit[Document]) -> Kept[Document]:
        """Store a change; raises Replayed, VersionConflict."""

    def add(self, commit: Commit[Document], made: Version, upload: Kept[Upload]) -> Kept[Document]:
        """Store a document with the version ``made`` of it, and what became of the upload; raises as ``save``."""

    def save_upload(self, commit: Commit[Upload]) -> Kept[Upload]:
        """Store that an upload was allowed, or that what came was refused; raises VersionConflict."""

    def upload(self, tenant_id: str, document_id: str, upload_id: str) -> Kept[Upload] | None:
        """Return an upload."""

    def version(self, tenant_id: str, document_id: str, number: int) -> Version | None:
        """Return a version."""

    def versions(self, tenant_id: str, document_id: str, limit: int, cursor: str | None) -> FoundVersions:
        """Return a document's versions."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> FoundDocuments:
        """Return a tenant's documents, the newest first."""

    def of(self, tenant_id: str, link: Link, limit: int, cursor: str | None) -> FoundDocuments:
        """Return what belongs to something; of a PPAP without ``element``, what belongs to any of its elements."""


class DocumentFiles(Protocol):
    """Where files are: those that were sent wait apart from those that count."""

    def sign(self, upload: Upload) -> Signed:
        """Return how the file of an upload is sent: this content, for minutes."""

    def arrived(self, upload: Upload) -> AbstractContextManager[BinaryIO]:
        """Open what was sent.

        Raises:
            NotUploaded, ScanPending, ContentRefused: nothing is there; the store's own scan is not over; or found it
            bad.
            Unavailable
        """

    def keep(self, upload: Upload, content: BinaryIO) -> None:
        """Put content where it counts; the same again changes nothing. Raises Unavailable."""

    def download(self, tenant_id: str, document_id: str, version: Version, at: datetime) -> Signed:
        """Return where a version's file is read, for minutes."""
