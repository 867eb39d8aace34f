"""Changes production part approvals: elements, submission, the customer's answer, suppliers' links (PLM-14, 15, 28).

Trigger: POST /api/v1/plm/ppaps, PUT .../elements/{number}, POST .../submit, .../decision, .../shipments, .../documents,
.../supplier-links, .../supplier-links/{linkId}/revocation.
Runbook: docs/runbooks/plm-ppap.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, ids, wire
from enghub.core.commits import Kept
from enghub.plm import rights
from enghub.plm.gateways.ppaps import ppaps
from enghub.plm.gateways.suppliers import door, public_url
from enghub.plm.ppaps.api import (
    CreatePpapRequest,
    DecidePpapRequest,
    Number,
    PpapResponse,
    PutElementRequest,
    ShipmentRequest,
)
from enghub.plm.ppaps.model import Element, Ppap
from enghub.plm.supplier_links import api

app = http.resolver()
ONE = "/api/v1/plm/ppaps/<ppap_id>"


def _answer(kept: Kept[Ppap]) -> PpapResponse:
    return PpapResponse.of(kept, http.call(app).origin.at.date())


@app.post("/api/v1/plm/ppaps", right=rights.CHANGE_PPAP, key="optional", status_code=201)
def create_ppap(request: CreatePpapRequest) -> PpapResponse:
    """201 with a new PPAP, its 18 elements to be made ready."""
    call = http.call(app)
    claim = call.claim(lambda made: PpapResponse.of(Kept(made), call.origin.at.date()))
    wanted = Ppap(
        tenant_id=call.principal.tenant_id,
        ppap_id=ids.new_id(call.origin.at),
        project_code=request.project_code,
        product_code=request.product_code,
        level=request.level,
        created_at=call.origin.at,
        connection=request.connection,
        customer_elements=request.customer_elements,
    )
    return _answer(ppaps().create(wanted, call.origin, claim))


@app.put(f"{ONE}/elements/<number>", right=rights.CHANGE_PPAP)
def put_ppap_element(ppap_id: str, number: Annotated[Number, Path()], request: PutElementRequest) -> PpapResponse:
    """Store what an element is now."""
    call = http.call(app)
    element = Element(number, request.status, request.document, request.reason, call.origin.at)
    return _answer(ppaps().put_element(ppap_id, element, call.origin))


@app.post(f"{ONE}/submit", right=rights.CHANGE_PPAP)
def submit_ppap(ppap_id: str) -> PpapResponse:
    """Submit it; every element is ready or does not apply."""
    return _answer(ppaps().submit(ppap_id, http.call(app).origin))


@app.post(f"{ONE}/decision", right=rights.DECIDE_PPAP)
def decide_ppap(ppap_id: str, request: DecidePpapRequest) -> PpapResponse:
    """Keep the customer's answer, and send it to the PLM."""
    return _answer(ppaps().decide(ppap_id, request.to_approval(), http.call(app).origin))


@app.post(f"{ONE}/shipments", right=rights.CHANGE_PPAP)
def record_ppap_shipments(ppap_id: str, request: ShipmentRequest) -> PpapResponse:
    """Keep how many pieces were shipped since the interim approval, in all."""
    return _answer(ppaps().ship(ppap_id, request.pieces, http.call(app).origin))


@app.post(f"{ONE}/documents", right=rights.CHANGE_PPAP)
def take_ppap_documents(ppap_id: str) -> PpapResponse:
    """Take the documents' status over from the PLM; complete, it is submitted."""
    return _answer(ppaps().take_documents(ppap_id, http.call(app).origin))


@app.post(api.OF_PPAP, right=rights.CHANGE_PPAP, status_code=201)
def make_supplier_link(ppap_id: str, request: api.MakeLinkRequest) -> api.MadeLinkResponse:
    """201 with a link for a supplier without an account; its address is told this once."""
    origin = http.call(app).origin
    token, kept = door().make(request.to_link(ppap_id, ids.new_id(origin.at), origin), origin)
    return api.MadeLinkResponse.of_made(kept.value, token, public_url(), origin.at)


@app.post(f"{api.OF_PPAP}/<link_id>/revocation", right=rights.CHANGE_PPAP)
def revoke_supplier_link(
    ppap_id: str, link_id: Annotated[wire.PathId, Path()], request: api.RevokeLinkRequest
) -> api.LinkResponse:
    """End a link now."""
    origin = http.call(app).origin
    return api.LinkResponse.of(door().revoke(ppap_id, link_id, request.reason, origin).value, origin.at)


lambda_handler = entrypoints.http(app)
