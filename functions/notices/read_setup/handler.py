"""Reads who hears what by which way, and what types of notices there are (CFG-17).

Trigger: GET /api/v1/notices/{types|rules|channels|contacts|templates}, and one of each but types.
Runbook: docs/runbooks/notices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.core.setup.api import Name, UserId
from enghub.notices import rights, wiring
from enghub.notices.catalogue.model import notice_type as type_called
from enghub.notices.catalogue.model import notice_types
from enghub.notices.setup.answers import (
    ChannelResponse,
    ChannelsResponse,
    ContactResponse,
    ContactsResponse,
    NoticeTypeResponse,
    NoticeTypesResponse,
    RuleResponse,
    RulesResponse,
    TemplateResponse,
    TemplatesResponse,
)
from enghub.notices.setup.api import BASE, NoticeTypeName

app = http.resolver()


@app.get(f"{BASE}/types", right=rights.READ_NOTICES)
def list_types() -> NoticeTypesResponse:
    """Return every type with its facts and a sample."""
    http.call(app)
    return NoticeTypesResponse(items=tuple(map(NoticeTypeResponse.of, notice_types().values())))


@app.get(f"{BASE}/rules", right=rights.READ_NOTICES)
def list_rules() -> RulesResponse:
    """Return every rule."""
    found = wiring.rules().all(http.call(app).principal.tenant_id)
    return RulesResponse(items=tuple(map(RuleResponse.of, found)))


@app.get(f"{BASE}/rules/<rule_id>", right=rights.READ_NOTICES)
def get_rule(rule_id: Annotated[Name, Path()]) -> RuleResponse:
    """Return a rule."""
    return RuleResponse.of(wiring.rules().get(http.call(app).principal.tenant_id, rule_id))


@app.get(f"{BASE}/channels", right=rights.READ_NOTICES)
def list_channels() -> ChannelsResponse:
    """Return every channel."""
    found = wiring.channels().all(http.call(app).principal.tenant_id)
    return ChannelsResponse(items=tuple(ChannelResponse.of(one, wiring.stage()) for one in found))


@app.get(f"{BASE}/channels/<channel_id>", right=rights.READ_NOTICES)
def get_channel(channel_id: Annotated[Name, Path()]) -> ChannelResponse:
    """Return a channel."""
    found = wiring.channels().get(http.call(app).principal.tenant_id, channel_id)
    return ChannelResponse.of(found, wiring.stage())


@app.get(f"{BASE}/contacts", right=rights.READ_NOTICES)
def list_contacts() -> ContactsResponse:
    """Return every person."""
    found = wiring.contacts().all(http.call(app).principal.tenant_id)
    return ContactsResponse(items=tuple(map(ContactResponse.of, found)))


@app.get(f"{BASE}/contacts/<user_id>", right=(rights.OWN_CONTACT, rights.READ_NOTICES))
def get_contact(user_id: Annotated[UserId, Path()]) -> ContactResponse:
    """Return a person."""
    call = http.call(app)
    call.require(rights.OWN_CONTACT if user_id == call.principal.user_id else rights.READ_NOTICES)
    return ContactResponse.of(wiring.contacts().get(call.principal.tenant_id, user_id))


@app.get(f"{BASE}/templates", right=rights.READ_NOTICES)
def list_templates() -> TemplatesResponse:
    """Return the texts in force of every type."""
    tenant_id = http.call(app).principal.tenant_id
    own = {one.value.notice_type: TemplateResponse.of(one) for one in wiring.templates().all(tenant_id)}
    built_in = {name: TemplateResponse.built_in(kind) for name, kind in notice_types().items()}
    found = {**built_in, **own}
    return TemplatesResponse(items=tuple(found[name] for name in sorted(found)))


@app.get(f"{BASE}/templates/<notice_type>", right=rights.READ_NOTICES)
def get_template(notice_type: Annotated[NoticeTypeName, Path()]) -> TemplateResponse:
    """Return the texts in force of a type."""
    own = wiring.templates().repository.get(http.call(app).principal.tenant_id, notice_type)
    if own is None or own.value.is_deleted:
        return TemplateResponse.built_in(type_called(notice_type))
    return TemplateResponse.of(own)


lambda_handler = entrypoints.http(app)
