"""Builds what this context does, once per process."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from enghub.core import config, secrets
from enghub.core.clock import system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import NotFound
from enghub.core.setup.service import Setup
from enghub.kit.outbound.breaker import Breaker
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.stage import stage_policy
from enghub.notices.acknowledgements.tokens import LIFETIME, Link, sign
from enghub.notices.catalogue.model import Texts, notice_type
from enghub.notices.channels.model import MAIL, Channel, Kind, built_in
from enghub.notices.contacts.model import Contact
from enghub.notices.deliveries.control import Deliveries
from enghub.notices.deliveries.dynamo import DynamoDeliveries
from enghub.notices.deliveries.message import Sender
from enghub.notices.deliveries.model import Delivery
from enghub.notices.rules.model import Rule
from enghub.notices.setup import dynamo
from enghub.notices.setup.errors import TopicNotAllowed, UnknownChannel
from enghub.notices.templates.model import Template

ACKNOWLEDGE_SECRET = "notices/acknowledge"  # noqa: S105 - its name
MOST_RULES, MOST_CHANNELS, MOST_CONTACTS, MOST_TEMPLATES = 100, 50, 2000, 200


@dataclass(frozen=True, slots=True)
class NoticesConfig:
    """What a stage says about notices."""

    notice_sender: str = ""
    public_url: str = ""
    notice_topics: str = ""
    """ARNs of the SNS topics that channels may name, with blanks between."""


def stage() -> str:
    """Return the stage's name."""
    name: str = config.load(CoreConfig).stage
    return name


def secret(path: str) -> Mapping[str, Any]:
    """Return what is stored below ``enghub/<stage>/``, with its ``path``; only that when there is none."""
    try:
        return {**secrets.secret(f"enghub/{stage()}/{path}"), "path": path}
    except NotFound:
        return {"path": path}


def acknowledge_keys() -> list[str]:
    """Return the keys that sign links, the present one first."""
    found = secret(ACKNOWLEDGE_SECRET)
    return [key for key in (found.get("key"), found.get("previous")) if isinstance(key, str) and key]


def acknowledge_url(delivery: Delivery) -> str | None:
    """Return the link that its recipient presses; None where the stage has no address or no key."""
    base, keys = config.load(NoticesConfig).public_url.rstrip("/"), acknowledge_keys()
    if not base or not keys:
        return None
    link = Link(delivery.tenant_id, delivery.notice_id, delivery.delivery_id, system_clock() + LIFETIME)
    return f"{base}/api/v1/notices/acknowledge?token={quote(sign(link, keys[0]), safe='')}"


@cache
def deliveries() -> Deliveries:
    """Return the use cases of deliveries."""
    return Deliveries(DynamoDeliveries())


@cache
def senders() -> Mapping[Kind, Sender]:
    """Return who sends what."""
    from enghub.notices.gateways import robots, sns  # noqa: PLC0415 - only one function sends
    from enghub.notices.gateways.ses import Ses  # noqa: PLC0415
    from enghub.notices.gateways.smtp import Smtp  # noqa: PLC0415
    from enghub.notices.gateways.webhooks import Webhooks  # noqa: PLC0415

    outbound = Outbound(stage_policy(), breaker=Breaker())
    return {
        Kind.EMAIL: Ses(config.load(NoticesConfig).notice_sender).send,
        Kind.SMTP: Smtp(outbound).send,
        Kind.WEBHOOK: Webhooks(outbound).send,
        Kind.SNS: sns.send,
        Kind.DINGTALK: robots.Robot(robots.DINGTALK, outbound).send,
        Kind.WECOM: robots.Robot(robots.WECOM, outbound).send,
        Kind.FEISHU: robots.Robot(robots.FEISHU, outbound).send,
    }


# --- what a tenant says ----------------------------------------------------------------------------------------------


@cache
def rules() -> Setup[Rule]:
    """Return the use cases of rules."""
    return Setup("rule", dynamo.rules(), MOST_RULES, _check_rule)


@cache
def channels() -> Setup[Channel]:
    """Return the use cases of channels."""
    return Setup("channel", dynamo.channels(), MOST_CHANNELS, _check_channel)


@cache
def contacts() -> Setup[Contact]:
    """Return the use cases of contacts."""
    return Setup("contact", dynamo.contacts(), MOST_CONTACTS)


@cache
def templates() -> Setup[Template]:
    """Return the use cases of templates."""
    return Setup("template", dynamo.templates(), MOST_TEMPLATES, check_template)


def channel(tenant_id: str, channel_id: str) -> Channel | None:
    """Return a channel, of the tenant's own or one that is always there."""
    found = channels().repository.get(tenant_id, channel_id)
    if found is not None and not found.value.is_deleted:
        return found.value
    return built_in(tenant_id, channel_id)


def texts(tenant_id: str, name: str) -> Texts | None:
    """Return the tenant's own texts for a type."""
    found = templates().repository.get(tenant_id, name)
    return None if found is None or found.value.is_deleted else found.value.texts


def check_template(template: Template) -> None:
    """Refuse texts that do not render with the samples of their type.

    Raises:
        TemplateRefused
    """
    from enghub.notices.templates.texts import check  # noqa: PLC0415 - the template library, for few calls

    check(notice_type(template.notice_type), template.texts)


def _check_rule(rule: Rule) -> None:
    known = {found.value.channel_id for found in channels().all(rule.tenant_id)} | {MAIL}
    for place, name in enumerate(rule.channels):
        if name not in known:
            raise UnknownChannel(field=f"channels.{place}", name=name)


def _check_channel(wanted: Channel) -> None:
    if (wanted.kind is Kind.SNS) != bool(wanted.topic_arn):
        raise TopicNotAllowed(field="topicArn")
    if wanted.topic_arn and wanted.topic_arn not in config.load(NoticesConfig).notice_topics.split():
        raise TopicNotAllowed(field="topicArn")
