"""Reads documents: all, those of a product, change or PPAP, one, its versions, where a file is read (PLM-17).

Trigger: GET /api/v1/plm/documents, .../{documentId}, .../{documentId}/versions, .../versions/{number}/download.
Runbook: docs/runbooks/plm-documents.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.plm import rights
from enghub.plm.documents import api
from enghub.plm.gateways.documents import documents
from enghub.plm.names import PartNumber

app = http.resolver()
ONE = f"{api.BASE}/<document_id>"
DocumentId = Annotated[wire.PathId, Path()]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(api.BASE, right=rights.READ_DOCUMENT)
def list_documents(
    *,
    product_code: Annotated[PartNumber | None, Query(alias="productCode")] = None,
    ecn_number: Annotated[PartNumber | None, Query(alias="ecnNumber")] = None,
    ppap_id: Annotated[PartNumber | None, Query(alias="ppapId")] = None,
    element: Annotated[int | None, Query(ge=1, le=18)] = None,
    withdrawn: Annotated[bool, Query()] = False,
    page_size: PageSize = 50,
    cursor: Cursor = None,
) -> api.DocumentList:
    """All of a tenant, the newest first; or those of one product, change, PPAP or element of it."""
    link = api.wanted(product_code, ecn_number, ppap_id, element)
    found = documents().page(http.call(app).principal.tenant_id, link, page_size, cursor)
    return api.DocumentList.of(found, with_withdrawn=withdrawn)


@app.get(ONE, right=rights.READ_DOCUMENT)
def read_document(document_id: DocumentId) -> api.DocumentResponse:
    """One, with what it belongs to and its newest version."""
    return api.DocumentResponse.of_kept(documents().get(http.call(app).principal.tenant_id, document_id))


@app.get(f"{ONE}/versions", right=rights.READ_DOCUMENT)
def list_document_versions(document_id: DocumentId, page_size: PageSize = 50, cursor: Cursor = None) -> api.VersionList:
    """Its versions, the newest first."""
    tenant_id = http.call(app).principal.tenant_id
    return api.VersionList.of(documents().versions(tenant_id, document_id, page_size, cursor))


@app.get(f"{ONE}/versions/<number>/download", right=rights.READ_DOCUMENT)
def download_document(
    document_id: DocumentId,
    number: Annotated[int, Path(ge=1, le=999_999)],
    withdrawn: Annotated[bool, Query()] = False,
) -> api.DownloadResponse:
    """Where the file of a version is read, for minutes; of a withdrawn document only where that is asked for."""
    tenant_id = http.call(app).principal.tenant_id
    found = documents().download(tenant_id, document_id, number, is_withdrawn_fine=withdrawn)
    return api.DownloadResponse.of(*found)


lambda_handler = entrypoints.http(app)
