"""Shows the context's messages that failed for good, sends them again, gives them up.

Trigger: GET /api/v1/parked/<context>, GET and POST .../{parkedId}, .../redrive, .../discard; one in every context.
Runbook: docs/runbooks/parked.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import config, entrypoints, http
from enghub.core.config import CoreConfig
from enghub.core.errors import NotFound
from enghub.core.http import Call
from enghub.core.parked import decisions, dynamo, rights
from enghub.core.parked.api import DiscardRequest, ParkedMessageDetail, ParkedMessageList, ParkedMessageResponse
from enghub.core.parked.model import NOBODY, Status
from enghub.core.rights import Right

app = http.resolver()
LIST = "/api/v1/parked/<context>"
ONE = f"{LIST}/<parked_id>"
Unassigned = Annotated[bool, Query(description="Of the messages whose tenant cannot be read.")]


@app.get(LIST, right=(rights.READ_PARKED, rights.UNASSIGNED))
def list_parked(
    context: str,
    status: Annotated[Status, Query()] = Status.PARKED,
    unassigned: Unassigned = False,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ParkedMessageList:
    """Messages of one status, those parked last first."""
    _, tenant = _tenant(context, rights.READ_PARKED, unassigned)
    found, cursor = dynamo.find(tenant, status, page_size, cursor)
    return ParkedMessageList(items=[ParkedMessageResponse.of(message) for message in found], cursor=cursor)


@app.get(ONE, right=(rights.READ_PARKED, rights.UNASSIGNED))
def read_parked(context: str, parked_id: str, unassigned: Unassigned = False) -> ParkedMessageDetail:
    """One message with its body, masked."""
    _, tenant = _tenant(context, rights.READ_PARKED, unassigned)
    return ParkedMessageDetail.of(decisions.get(tenant, parked_id))


@app.post(f"{ONE}/redrive", right=(rights.REDRIVE_PARKED, rights.UNASSIGNED), status_code=202)
def redrive_parked(context: str, parked_id: str, unassigned: Unassigned = False) -> ParkedMessageResponse:
    """202: it is sent again to where it failed. 409 when it was discarded, or can only be done by hand."""
    call, tenant = _tenant(context, rights.REDRIVE_PARKED, unassigned)
    return ParkedMessageResponse.of(decisions.redrive(tenant, parked_id, call.origin))


@app.post(f"{ONE}/discard", right=(rights.DISCARD_PARKED, rights.UNASSIGNED))
def discard_parked(
    context: str, parked_id: str, request: DiscardRequest, unassigned: Unassigned = False
) -> ParkedMessageResponse:
    """Give it up, with a reason. 409 when it was sent again."""
    call, tenant = _tenant(context, rights.DISCARD_PARKED, unassigned)
    return ParkedMessageResponse.of(decisions.discard(tenant, parked_id, request.reason, call.origin))


def _tenant(context: str, right: Right, unassigned: bool) -> tuple[Call, str]:
    """Return the call and whose messages it may see: the caller's tenant's, or nobody's."""
    call = http.call(app)
    call.require(rights.UNASSIGNED if unassigned else right)
    if context != config.load(CoreConfig).context:
        raise NotFound(resource=app.current_event.path)
    return call, NOBODY if unassigned else call.principal.tenant_id


lambda_handler = entrypoints.http(app)
