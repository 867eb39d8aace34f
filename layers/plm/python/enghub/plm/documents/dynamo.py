"""Documents in DynamoDB: ``T#<tenant>#DOC#<id>`` / ``DOC``, ``VERSION#<n>``, ``UPLOAD#<id>``.

``T#<tenant>#DOCS-OF#<kind>#<id>`` lists what belongs to something, ``gsi1`` all of a tenant by when they were made.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from enghub.core import dynamo
from enghub.core.aggregates import Aggregate, Attributes, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.plm.documents.model import UPLOAD_KEPT, Document, Link, Upload, Version
from enghub.plm.documents.repository import FoundDocuments, FoundVersions


def _pk(tenant_id: str, document_id: str) -> str:
    return key("T", tenant_id, "DOC", document_id)


def _list(tenant_id: str, link: Link) -> str:
    return key("T", tenant_id, "DOCS-OF", link.kind.value, link.id)


def _place(link: Link) -> str:
    return "" if link.element is None else f"{link.element:02d}"


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


def _upload_of(pk: str, sk: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1], "document_id": parts(pk)[3], "upload_id": parts(sk)[1]}


def _entries(document: Document) -> Mapping[Key, Attributes]:
    return {
        (_list(document.tenant_id, link), key(_place(link), document.document_id)): {"document": document.document_id}
        for link in document.links
    }


DOCUMENTS = Aggregate(
    Document,
    "DOCUMENT",
    key=lambda one: (_pk(one.tenant_id, one.document_id), "DOC"),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    more=lambda one: {"gsi1pk": key("T", one.tenant_id, "DOCS"), "gsi1sk": key(one.document_id)},
    name="document",
    identity=lambda one: one.document_id,
    shows=("title", "kind", "number", "links", "current", "versions", "withdrawal"),
    entries=_entries,
)
UPLOADS = Aggregate(
    Upload,
    "DOCUMENT_UPLOAD",
    key=lambda one: (_pk(one.tenant_id, one.document_id), key("UPLOAD", one.upload_id)),
    layout=Layout(given=("tenant_id", "document_id", "upload_id"), of_key=_upload_of),
    more=lambda one: {"expires_at": math.ceil((one.allowed_at + UPLOAD_KEPT).timestamp())},
    name="document_upload",
    identity=lambda one: one.upload_id,
    shows=("document_id", "file", "via", "refused"),
)
VERSIONS = Items(Version, "DOCUMENT_VERSION")


def _version_key(tenant_id: str, document_id: str, number: int) -> Key:
    return _pk(tenant_id, document_id), key("VERSION", f"{number:06d}")


class DynamoDocuments:
    """The Documents of ``repository`` on the context's table."""

    def get(self, tenant_id: str, document_id: str) -> Kept[Document] | None:
        """See Documents."""
        return DOCUMENTS.read((_pk(tenant_id, document_id), "DOC"))

    def save(self, commit: Commit[Document]) -> Kept[Document]:
        """See Documents."""
        return DOCUMENTS.save(commit)

    def add(self, commit: Commit[Document], made: Version, upload: Kept[Upload]) -> Kept[Document]:
        """See Documents."""
        document = commit.after
        place = _version_key(document.tenant_id, document.document_id, made.number)
        done = UPLOADS.write(replace(upload.value, version=made.number), upload)
        return DOCUMENTS.save(commit, VERSIONS.put(made, at=place), done)

    def save_upload(self, commit: Commit[Upload]) -> Kept[Upload]:
        """See Documents."""
        return UPLOADS.save(commit)

    def upload(self, tenant_id: str, document_id: str, upload_id: str) -> Kept[Upload] | None:
        """See Documents."""
        return UPLOADS.read((_pk(tenant_id, document_id), key("UPLOAD", upload_id)))

    def version(self, tenant_id: str, document_id: str, number: int) -> Version | None:
        """See Documents."""
        return VERSIONS.get(_version_key(tenant_id, document_id, number))

    def versions(self, tenant_id: str, document_id: str, limit: int, cursor: str | None) -> FoundVersions:
        """See Documents."""
        found = VERSIONS.page(
            _pk(tenant_id, document_id), prefix="VERSION#", newest_first=True, limit=limit, cursor=cursor
        )
        return FoundVersions(found.items, found.cursor)

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> FoundDocuments:
        """See Documents."""
        found = DOCUMENTS.page(key("T", tenant_id, "DOCS"), index="gsi1", newest_first=True, limit=limit, cursor=cursor)
        return FoundDocuments(found.items, found.cursor)

    def of(self, tenant_id: str, link: Link, limit: int, cursor: str | None) -> FoundDocuments:
        """See Documents."""
        starts = None if link.element is None else f"{_place(link)}#"
        page = dynamo.query(_list(tenant_id, link), prefix=starts, limit=limit, cursor=cursor)
        wanted = dict.fromkeys(item["document"]["S"] for item in page.items)
        found = DOCUMENTS.get_many([(_pk(tenant_id, one), "DOC") for one in wanted])
        held = [found[place] for one in wanted if (place := (_pk(tenant_id, one), "DOC")) in found]
        return FoundDocuments(tuple(held), page.cursor)
