"""What rules, channels, contacts and templates look like in answers (CFG-17)."""

from typing import Any

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.notices import Severity
from enghub.notices.catalogue.model import NoticeType
from enghub.notices.channels.model import Channel, Kind
from enghub.notices.contacts.model import Contact
from enghub.notices.languages import Reads
from enghub.notices.rules.model import Rule
from enghub.notices.templates.model import Rendered, Template


class RuleResponse(wire.Response):
    """A rule."""

    rule_id: str
    name: str
    notice_types: tuple[str, ...]
    channels: tuple[str, ...]
    roles: tuple[str, ...]
    users: tuple[str, ...]
    emails: tuple[str, ...]
    factories: tuple[str, ...]
    min_severity: Severity
    digest: dict[str, str] | None
    per_hour: int | None
    is_active: bool
    version: int

    @classmethod
    def of(cls, kept: Kept[Rule]) -> "RuleResponse":
        """Return the answer for a rule."""
        rule = kept.value
        return cls(
            rule_id=rule.rule_id,
            name=rule.name,
            notice_types=rule.notice_types,
            channels=rule.channels,
            roles=rule.roles,
            users=rule.users,
            emails=rule.emails,
            factories=rule.factories,
            min_severity=rule.least,
            digest=None if rule.digest is None else {"at": rule.digest.at, "zone": rule.digest.zone},
            per_hour=rule.per_hour,
            is_active=rule.is_active,
            version=kept.revision,
        )


class ChannelResponse(wire.Response):
    """A channel; its address and credentials are in the secret."""

    channel_id: str
    name: str
    kind: Kind
    language: Reads
    per_minute: int | None
    topic_arn: str | None
    secret_name: str
    is_active: bool
    version: int

    @classmethod
    def of(cls, kept: Kept[Channel], stage: str) -> "ChannelResponse":
        """Return the answer for a channel."""
        channel = kept.value
        return cls(
            channel_id=channel.channel_id,
            name=channel.name,
            kind=channel.kind,
            language=channel.reads,
            per_minute=channel.budget,
            topic_arn=channel.topic_arn or None,
            secret_name=f"enghub/{stage}/{channel.secret_path}",
            is_active=channel.is_active,
            version=kept.revision,
        )


class ContactResponse(wire.Response):
    """A person."""

    user_id: str
    name: str
    email: str | None
    roles: tuple[str, ...]
    factories: tuple[str, ...]
    language: Reads
    zone: str
    quiet_hours: dict[str, str] | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Contact]) -> "ContactResponse":
        """Return the answer for a person."""
        contact = kept.value
        quiet = contact.quiet
        return cls(
            user_id=contact.user_id,
            name=contact.name,
            email=contact.email or None,
            roles=contact.roles,
            factories=contact.factories,
            language=contact.reads,
            zone=contact.zone,
            quiet_hours=None if quiet is None else {"from": quiet.begin, "to": quiet.until},
            version=kept.revision,
        )


class TemplateResponse(wire.Response):
    """Texts of a type; version 0 are the built-in ones."""

    notice_type: str
    subject: dict[str, str]
    body: dict[str, str]
    html: dict[str, str] | None
    is_built_in: bool
    version: int

    @classmethod
    def of(cls, kept: Kept[Template]) -> "TemplateResponse":
        """Return the answer for a template of the tenant's own."""
        own = kept.value
        html = None if own.html is None else dict(own.html)
        return cls(
            notice_type=own.notice_type,
            subject=dict(own.subject),
            body=dict(own.body),
            html=html,
            is_built_in=False,
            version=kept.revision,
        )

    @classmethod
    def built_in(cls, kind: NoticeType) -> "TemplateResponse":
        """Return the answer for the built-in texts."""
        texts = kind.texts
        return cls(
            notice_type=kind.name,
            subject=dict(texts.subject),
            body=dict(texts.body),
            html=None if texts.html is None else dict(texts.html),
            is_built_in=True,
            version=0,
        )


class FactResponse(wire.Response):
    """A fact that a template may name."""

    name: str
    type: str
    is_required: bool
    description: dict[str, str]


class NoticeTypeResponse(wire.Response):
    """A type of notice with what it brings."""

    notice_type: str
    title: dict[str, str]
    facts: tuple[FactResponse, ...]
    sample: dict[str, Any]

    @classmethod
    def of(cls, kind: NoticeType) -> "NoticeTypeResponse":
        """Return the answer for a type."""
        facts = tuple(
            FactResponse(
                name=fact.name,
                type=fact.kind,
                is_required=fact.is_required,
                description={"en": fact.en, "zh": fact.zh},
            )
            for fact in kind.facts
        )
        return cls(notice_type=kind.name, title=dict(kind.title), facts=facts, sample=dict(kind.sample))


class RulesResponse(wire.Response):
    """Every rule of the tenant."""

    items: tuple[RuleResponse, ...]


class ChannelsResponse(wire.Response):
    """Every channel of the tenant."""

    items: tuple[ChannelResponse, ...]


class ContactsResponse(wire.Response):
    """Every person of the tenant."""

    items: tuple[ContactResponse, ...]


class TemplatesResponse(wire.Response):
    """The texts of every type: the tenant's own, else the built-in ones."""

    items: tuple[TemplateResponse, ...]


class NoticeTypesResponse(wire.Response):
    """Every type."""

    items: tuple[NoticeTypeResponse, ...]


class PreviewResponse(wire.Response):
    """What somebody would read."""

    subject: str
    body: str
    html: str | None

    @classmethod
    def of(cls, read: Rendered) -> "PreviewResponse":
        """Return the answer for a rendering."""
        return cls(subject=read.subject, body=read.body, html=read.html)
