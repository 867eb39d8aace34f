"""Makes the message of a delivery: texts in the reader's language, links, and the payload for programs. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from enghub.core import log
from enghub.core.clock import to_text
from enghub.core.events import dumps
from enghub.core.i18n import Text
from enghub.notices.catalogue.model import ANY, NoticeType, Texts, notice_type, notice_types
from enghub.notices.channels.model import Kind
from enghub.notices.deliveries.message import Message
from enghub.notices.deliveries.model import Delivery, Notice
from enghub.notices.languages import Reads
from enghub.notices.templates.model import Rendered
from enghub.notices.templates.rendering import Format, TemplateWrong
from enghub.notices.templates.texts import rendered

ACKNOWLEDGE = Text("Acknowledge", "确认")
FORMATS: Mapping[Kind, Format] = {Kind.DINGTALK: Format.DINGTALK, Kind.WECOM: Format.WECOM}
"""How facts are escaped; as plain text elsewhere."""


def composed(notice: Notice, delivery: Delivery, own: Texts | None, acknowledge_url: str | None) -> Message:
    """Return the message; ``own`` are the tenant's texts for the type, if it has any."""
    kind = notice_type(notice.notice_type)
    form = FORMATS.get(delivery.kind, Format.TEXT)
    read = _read(kind, own, facts_of(notice, kind), delivery.reads, form)
    links = dict(notice.links)
    lines = [f"{name}: {url}" for name, url in links.items()]
    if acknowledge_url is not None:
        label = " / ".join(ACKNOWLEDGE.render(language) for language in delivery.reads.languages)
        lines.append(f"{label}: {acknowledge_url}")
    body = "\n\n".join(filter(None, [read.body, "\n".join(lines)]))
    return Message(
        message_id=delivery.delivery_id,
        address=delivery.address,
        subject=read.subject,
        body=body,
        html=read.html,
        payload=payload_of(notice, kind, acknowledge_url),
        at=notice.at,
        links=links,
    )


def _read(kind: NoticeType, own: Texts | None, facts: Mapping[str, Any], reads: Reads, form: Format) -> Rendered:
    """Fill in the tenant's texts; where real facts break them, the built-in ones, so that nobody misses a notice."""
    if own is not None:
        try:
            return rendered(own, facts, reads, form)
        except TemplateWrong as wrong:
            log.warning("own template failed, the built-in one is used", notice_type=kind.name, reason=str(wrong))
    try:
        return rendered(kind.texts, facts, reads, form)
    except TemplateWrong as wrong:
        log.warning("built-in template failed", notice_type=kind.name, reason=str(wrong))
        return rendered(notice_types()[ANY].texts, _any(kind.name, facts), reads, form)


def facts_of(notice: Notice, kind: NoticeType) -> dict[str, Any]:
    """Return the facts as templates name them."""
    if kind.name in notice_types():
        return kind.given(notice.facts)
    return _any(kind.name, notice.facts, notice.subject, notice.severity)


def _any(name: str, facts: Mapping[str, Any], about: str = "", severity: str = "") -> dict[str, Any]:
    lines = [
        {"name": fact, "value": dumps(value) if isinstance(value, dict | list) else value}
        for fact, value in list(facts.items())[:100]
    ]
    return {**facts, "notice_type": name, "about": about, "severity": severity, "lines": lines}


def payload_of(notice: Notice, kind: NoticeType, acknowledge_url: str | None) -> str:
    """Return what programs are told: the publisher's own form, or that of notices."""
    if notice.payload is not None:
        return dumps(notice.payload)
    return dumps(
        {
            "id": notice.notice_id,
            "type": notice.notice_type,
            "at": to_text(notice.at),
            "severity": notice.severity,
            "subject": notice.subject,
            "title": dict(kind.title),
            "factoryId": notice.factory_id or None,
            "facts": dict(notice.facts),
            "links": dict(notice.links),
            "acknowledgeUrl": acknowledge_url,
        }
    )


def collected(digest: Delivery, parts: Iterable[tuple[Notice, Texts | None]]) -> Notice:
    """Return the notice that tells of many, each as this recipient reads it."""
    items = []
    for notice, own in parts:
        one = composed(notice, replace(digest, kind=Kind.EMAIL), own, None)
        items.append({"at": to_text(notice.at)[:16].replace("T", " "), "subject": one.subject, "body": one.body})
    facts = {"count": len(items), "items": items}
    return Notice(
        tenant_id=digest.tenant_id,
        notice_id=digest.delivery_id,
        factory_id="",
        source="enghub.notices",
        notice_type="notices.digest",
        severity=digest.severity,
        subject="digest",
        facts=facts,
        links={},
        payload=None,
        wants_acknowledgement=False,
        at=digest.next_at or digest.created_at,
    )
