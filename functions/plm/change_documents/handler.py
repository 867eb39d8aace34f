"""Changes documents: make one, link it, upload a version, take it out of use (PLM-17).

Trigger: POST /api/v1/plm/documents, PUT .../{documentId}/links, POST .../uploads, .../uploads/{uploadId}/completion,
.../withdrawal. Events: DocumentVersionAdded, DocumentWithdrawn. Runbook: docs/runbooks/plm-documents.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, ids, wire
from enghub.core.commits import Kept
from enghub.plm import rights
from enghub.plm.documents import api
from enghub.plm.gateways.documents import documents

app = http.resolver()
ONE = f"{api.BASE}/<document_id>"
DocumentId = Annotated[wire.PathId, Path()]


@app.post(api.BASE, right=rights.CHANGE_DOCUMENT, key="optional", status_code=201)
def create_document(request: api.CreateDocumentRequest) -> api.DocumentResponse:
    """201 with a new document, without a file yet."""
    call = http.call(app)
    claim = call.claim(lambda made: api.DocumentResponse.of_kept(Kept(made)))
    wanted = request.to_document(ids.new_id(call.origin.at), call.origin)
    return api.DocumentResponse.of_kept(documents().create(wanted, call.origin, claim))


@app.put(f"{ONE}/links", right=rights.CHANGE_DOCUMENT)
def put_document_links(document_id: DocumentId, request: api.PutLinksRequest) -> api.DocumentResponse:
    """Replace what a document belongs to."""
    links = tuple(one.to_link() for one in request.links)
    return api.DocumentResponse.of_kept(documents().link(document_id, links, http.call(app).origin))


@app.post(f"{ONE}/uploads", right=rights.CHANGE_DOCUMENT, status_code=201)
def ask_document_upload(document_id: DocumentId, request: api.AskUploadRequest) -> api.UploadResponse:
    """201 with where to send a file: of exactly this content, for minutes."""
    return api.UploadResponse.of(*documents().ask(document_id, request.to_file(), http.call(app).origin))


@app.post(f"{ONE}/uploads/<upload_id>/completion", right=rights.CHANGE_DOCUMENT)
def complete_document_upload(
    document_id: DocumentId, upload_id: Annotated[wire.PathId, Path()]
) -> api.DocumentResponse:
    """Take what was sent as the newest version, if it is what was announced."""
    return api.DocumentResponse.of_kept(documents().complete(document_id, upload_id, http.call(app).origin))


@app.post(f"{ONE}/withdrawal", right=rights.CHANGE_DOCUMENT)
def withdraw_document(document_id: DocumentId, request: api.WithdrawRequest) -> api.DocumentResponse:
    """Take a document out of use; its versions stay."""
    return api.DocumentResponse.of_kept(documents().withdraw(document_id, request.reason, http.call(app).origin))


lambda_handler = entrypoints.http(app)
