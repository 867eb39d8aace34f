"""Sets up who hears what by which way: rules, channels, contacts, templates (CFG-17).

Trigger: PUT and DELETE /api/v1/notices/{rules|channels|contacts|templates}/{...}.
Runbook: docs/runbooks/notices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.setup.api import Name, UserId
from enghub.notices import rights, wiring
from enghub.notices.setup.answers import ChannelResponse, ContactResponse, RuleResponse, TemplateResponse
from enghub.notices.setup.api import (
    BASE,
    NoticeTypeName,
    PutChannelRequest,
    PutContactRequest,
    PutRuleRequest,
    PutTemplateRequest,
    kept_roles,
)

app = http.resolver()

RuleId = Annotated[Name, Path()]
ChannelId = Annotated[Name, Path()]
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/rules/<rule_id>", right=rights.MANAGE_NOTICES)
def put_rule(rule_id: RuleId, request: PutRuleRequest) -> RuleResponse:
    """Store a rule."""
    call = http.call(app)
    wanted = request.to_rule(call.principal.tenant_id, rule_id)
    return RuleResponse.of(wiring.rules().put(rule_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/rules/<rule_id>", right=rights.MANAGE_NOTICES, status_code=204)
def delete_rule(rule_id: RuleId, version: Seen = None) -> None:
    """Take a rule away."""
    wiring.rules().delete(rule_id, version, http.call(app).origin)


@app.put(f"{BASE}/channels/<channel_id>", right=rights.MANAGE_NOTICES)
def put_channel(channel_id: ChannelId, request: PutChannelRequest) -> ChannelResponse:
    """Store a channel."""
    call = http.call(app)
    wanted = request.to_channel(call.principal.tenant_id, channel_id)
    kept = wiring.channels().put(channel_id, wanted, request.version, call.origin)
    return ChannelResponse.of(kept, wiring.stage())


@app.delete(f"{BASE}/channels/<channel_id>", right=rights.MANAGE_NOTICES, status_code=204)
def delete_channel(channel_id: ChannelId, version: Seen = None) -> None:
    """Take a channel away."""
    wiring.channels().delete(channel_id, version, http.call(app).origin)


@app.put(f"{BASE}/contacts/<user_id>", right=(rights.OWN_CONTACT, rights.MANAGE_NOTICES))
def put_contact(user_id: Annotated[UserId, Path()], request: PutContactRequest) -> ContactResponse:
    """Store a person; everybody may say how they themselves want to hear."""
    call = http.call(app)
    wanted = request.to_contact(call.principal.tenant_id, user_id)
    is_own = user_id == call.principal.user_id and rights.MANAGE_NOTICES.name not in call.principal.permissions
    call.require(rights.OWN_CONTACT if is_own else rights.MANAGE_NOTICES)
    if is_own:
        before = wiring.contacts().repository.get(wanted.tenant_id, user_id)
        wanted = kept_roles(wanted, before.value if before else None)
    return ContactResponse.of(wiring.contacts().put(user_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/contacts/<user_id>", right=rights.MANAGE_NOTICES, status_code=204)
def delete_contact(user_id: Annotated[UserId, Path()], version: Seen = None) -> None:
    """Take a person away."""
    wiring.contacts().delete(user_id, version, http.call(app).origin)


@app.put(f"{BASE}/templates/<notice_type>", right=rights.MANAGE_NOTICES)
def put_template(notice_type: Annotated[NoticeTypeName, Path()], request: PutTemplateRequest) -> TemplateResponse:
    """Store texts of one's own; they are tried with the samples of their type first."""
    call = http.call(app)
    wanted = request.to_template(call.principal.tenant_id, notice_type)
    return TemplateResponse.of(wiring.templates().put(notice_type, wanted, request.version, call.origin))


@app.delete(f"{BASE}/templates/<notice_type>", right=rights.MANAGE_NOTICES, status_code=204)
def delete_template(notice_type: Annotated[NoticeTypeName, Path()], version: Seen = None) -> None:
    """Go back to the built-in texts."""
    wiring.templates().delete(notice_type, version, http.call(app).origin)


lambda_handler = entrypoints.http(app)
