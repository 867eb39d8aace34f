"""Shows what a template makes of its sample, and sends a test by a channel (CFG-17).

Trigger: POST /api/v1/notices/templates/{noticeType}/preview, POST /api/v1/notices/channels/{channelId}/test.
Runbook: docs/runbooks/notices.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.core.lazy import lazy
from enghub.core.setup.api import Name
from enghub.core.setup.errors import SetupNotFound
from enghub.notices import rights, wiring
from enghub.notices.catalogue.model import notice_type as type_called
from enghub.notices.deliveries.api import StartedResponse
from enghub.notices.setup.answers import PreviewResponse
from enghub.notices.setup.api import BASE, NoticeTypeName, TestRequest, TextsRequest

if TYPE_CHECKING:
    from enghub.notices.templates import texts
else:  # the template library, for previews alone
    texts = lazy("enghub.notices.templates.texts")

app = http.resolver()


@app.post(f"{BASE}/templates/<notice_type>/preview", right=rights.MANAGE_NOTICES)
def preview_template(notice_type: Annotated[NoticeTypeName, Path()], request: TextsRequest) -> PreviewResponse:
    """Return what somebody would read; a wrong text is refused as at its saving."""
    tenant_id = http.call(app).principal.tenant_id
    kind, own = type_called(notice_type), wiring.templates().repository.get(tenant_id, notice_type)
    present = None if own is None or own.value.is_deleted else own.value
    wanted = request.to_template(tenant_id, kind, present)
    return PreviewResponse.of(texts.preview(kind, wanted.texts, request.facts, request.language))


@app.post(f"{BASE}/channels/<channel_id>/test", right=rights.MANAGE_NOTICES, status_code=202)
def test_channel(channel_id: Annotated[Name, Path()], request: TestRequest) -> StartedResponse:
    """Send a test; the delivery shows what came of it."""
    call = http.call(app)
    channel = wiring.channel(call.principal.tenant_id, channel_id)
    if channel is None:
        raise SetupNotFound(what="channel", name=channel_id)
    sent = wiring.deliveries().test(channel, request.email, request.language, call.origin)
    return StartedResponse(delivery_id=sent.delivery_id)


lambda_handler = entrypoints.http(app)
