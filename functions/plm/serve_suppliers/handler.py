"""The suppliers' door: the page behind a link, and the files that come through it (PLM-28).

Trigger: GET /api/v1/plm/supplier, POST .../supplier/uploads, .../supplier/documents/{documentId}/uploads/{uploadId}/
completion, public: the token in the query is the proof, which no log of ours holds.
Events: DocumentVersionAdded, NoticeRequested. Runbook: docs/runbooks/plm-documents.md.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http, i18n, wire
from enghub.core.errors import EngHubError
from enghub.plm.documents.api import UploadResponse
from enghub.plm.gateways.documents import store_origin
from enghub.plm.gateways.suppliers import door, origin_by, slowed
from enghub.plm.supplier_links import api, page
from enghub.plm.supplier_links.model import MAX_TOKEN

PUBLIC = "suppliers have no account: the token in the link is the proof"
PAGE: OpenAPIResponse = {
    "description": "The page",
    "content": {content_types.TEXT_HTML: {"schema": {"type": "string"}}},
}
PAGES = dict.fromkeys((200, 400, 404, 422, 429, 503), PAGE)
app = http.resolver()
Token = Annotated[str, Query(max_length=MAX_TOKEN)]


def _proof(event: Mapping[str, Any]) -> None:
    """Look at who knocks before anything else is read: how often, and whether the token opens."""
    slowed(event, "write")
    door().open(str((event.get("queryStringParameters") or {}).get("token") or ""))


@app.get(api.BASE, public=PUBLIC, responses=PAGES)
def show_supplier_page(token: Token = "") -> Response[str]:
    """Show what is asked; a look takes no use."""
    language = i18n.negotiate(app.current_event.headers.get("accept-language"))
    try:
        slowed(app.current_event.raw_event, "read")
        kept = door().open(token)
        door().seen(kept, origin_by(app.current_event.raw_event, kept.value))
        status, body = 200, page.page(kept.value, *door().wanted(kept.value), language)
    except EngHubError as error:
        status, body = error.status, page.refused(error.message(language), language)
    return Response(status, f"{content_types.TEXT_HTML}; charset=utf-8", body, headers=page.headers(store_origin()))


@app.post(f"{api.BASE}/uploads", public=PUBLIC, proof=_proof, status_code=201)
def ask_supplier_upload(request: api.AskFileRequest, token: Token = "") -> UploadResponse:
    """201 with where to send a file for an element: of exactly this content, for minutes."""
    origin = origin_by(app.current_event.raw_event, door().open(token).value)
    return UploadResponse.of(*door().ask(token, request.element, request.to_file(), origin))


@app.post(f"{api.BASE}/documents/<document_id>/uploads/<upload_id>/completion", public=PUBLIC, proof=_proof)
def complete_supplier_upload(
    document_id: Annotated[wire.PathId, Path()], upload_id: Annotated[wire.PathId, Path()], token: Token = ""
) -> api.TakenResponse:
    """Take what was sent, if it is what was announced and nothing that acts."""
    origin = origin_by(app.current_event.raw_event, door().open(token).value)
    link = door().complete(token, document_id, upload_id, origin).value
    use = next(one for one in link.taken if one.upload_id == upload_id)
    return api.TakenResponse(element=use.element, file_name=use.file_name, left=link.left)


lambda_handler = entrypoints.http(app)
