"""Rules, channels, contacts and templates on the wire (CFG-17)."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.notices import Severity
from enghub.core.setup.api import Clock, MailAddress, Name, UserId, Version, Zone
from enghub.notices.catalogue.model import NoticeType
from enghub.notices.channels.model import Channel, Kind
from enghub.notices.contacts.model import Contact, Quiet
from enghub.notices.languages import Reads
from enghub.notices.rules.model import Digest, Rule
from enghub.notices.templates.model import Template

BASE = "/api/v1/notices"
NoticeTypeName = Annotated[
    str,
    wire.form(
        r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$",
        Text("words of small letters with dots between, as upgrade.failed", "小写单词以点分隔，如 upgrade.failed"),
        max_length=100,
    ),
]
Pattern = Annotated[
    str,
    wire.form(
        r"^[a-z0-9_.*]+$",
        Text("a type of notice, * for any part: upgrade.*", "通知类型，可用 * 匹配任意部分：upgrade.*"),
        max_length=100,
    ),
]
Topic = Annotated[
    str,
    wire.form(
        r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$",
        Text("the ARN of an SNS topic", "SNS 主题的 ARN"),
        max_length=300,
    ),
]
Some = Annotated[tuple[wire.Code, ...], Field(max_length=100)]
Source = Annotated[str, Field(max_length=20_000)]


class DigestPart(wire.Request):
    """Collect, and tell once a day."""

    at: Clock
    zone: Zone


class PutRuleRequest(wire.Request):
    """Who hears what by which way."""

    name: wire.ShortText
    notice_types: Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=50)]
    channels: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)]
    roles: Some = ()
    users: Annotated[tuple[UserId, ...], Field(max_length=100)] = ()
    emails: Annotated[tuple[MailAddress, ...], Field(max_length=100)] = ()
    factories: Some = ()
    min_severity: Severity = Severity.INFO
    digest: DigestPart | None = None
    per_hour: Annotated[wire.Count, Field(ge=1, le=1000)] | None = None
    is_active: wire.Flag = True
    version: Version | None = None

    def to_rule(self, tenant_id: str, rule_id: str) -> Rule:
        """Return the rule."""
        return Rule(
            tenant_id=tenant_id,
            rule_id=rule_id,
            name=self.name,
            notice_types=self.notice_types,
            channels=self.channels,
            roles=self.roles,
            users=self.users,
            emails=self.emails,
            factories=self.factories,
            least=self.min_severity,
            digest=None if self.digest is None else Digest(self.digest.at, self.digest.zone),
            per_hour=self.per_hour,
            is_active=self.is_active,
        )


class PutChannelRequest(wire.Request):
    """A way by which notices travel; its address goes into the secret that the answer names."""

    name: wire.ShortText
    kind: Kind
    language: Reads = Reads.BOTH
    per_minute: Annotated[wire.Count, Field(ge=1, le=10_000)] | None = None
    topic_arn: (
        Annotated[str, Field(max_length=300, pattern=r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[\w-]+$")] | None
    ) = None
    is_active: wire.Flag = True
    version: Version | None = None

    def to_channel(self, tenant_id: str, channel_id: str) -> Channel:
        """Return the channel."""
        return Channel(
            tenant_id=tenant_id,
            channel_id=channel_id,
            name=self.name,
            kind=self.kind,
            reads=self.language,
            per_minute=self.per_minute,
            topic_arn=self.topic_arn or "",
            is_active=self.is_active,
        )


class QuietHours(wire.Request):
    """From when to when only CRITICAL notices come; over midnight when the second is earlier."""

    begin: Annotated[Clock, Field(alias="from")]
    until: Annotated[Clock, Field(alias="to")]


class PutContactRequest(wire.Request):
    """A person who may hear of things. Roles and factories are said by who manages notices."""

    name: wire.ShortText
    email: MailAddress | None = None
    roles: Some = ()
    factories: Some = ()
    language: Reads = Reads.BOTH
    zone: Zone = "UTC"
    quiet_hours: QuietHours | None = None
    version: Version | None = None

    def to_contact(self, tenant_id: str, user_id: str) -> Contact:
        """Return the person."""
        quiet = None if self.quiet_hours is None else Quiet(self.quiet_hours.begin, self.quiet_hours.until)
        return Contact(
            tenant_id=tenant_id,
            user_id=user_id,
            name=self.name,
            email=self.email or "",
            roles=self.roles,
            factories=self.factories,
            reads=self.language,
            zone=self.zone,
            quiet=quiet,
        )


def kept_roles(wanted: Contact, before: Contact | None) -> Contact:
    """Return what somebody says about themselves: their roles and factories stay what others said."""
    return replace(wanted, roles=before.roles if before else (), factories=before.factories if before else ())


class Both(wire.Request):
    """A text in both languages; ``both``, of a subject, for who may read either."""

    en: Annotated[Source, Field(min_length=1)]
    zh: Annotated[Source, Field(min_length=1)]
    both: Annotated[Source, Field(min_length=1)] | None = None

    def texts(self) -> dict[str, str]:
        """Return the texts by language."""
        return self.model_dump(exclude_none=True)


class TextsRequest(wire.Request):
    """Texts to try with the sample of their type, or with facts given here."""

    subject: Both | None = None
    body: Both | None = None
    html: Both | None = None
    language: Reads = Reads.BOTH
    facts: dict[str, Any] | None = None

    def to_template(self, tenant_id: str, kind: NoticeType, present: Template | None) -> Template:
        """Return what is tried: what is said here, else the tenant's own, else the built-in texts."""
        texts = kind.texts if present is None else present.texts
        return Template(
            tenant_id=tenant_id,
            notice_type=kind.name,
            subject=texts.subject if self.subject is None else self.subject.texts(),
            body=texts.body if self.body is None else self.body.texts(),
            html=texts.html if self.html is None else self.html.texts(),
        )


class PutTemplateRequest(wire.Request):
    """Texts of one's own for a type of notice."""

    subject: Both
    body: Both
    html: Both | None = None
    version: Version | None = None

    def to_template(self, tenant_id: str, notice_type: str) -> Template:
        """Return the template."""
        html = None if self.html is None else self.html.texts()
        return Template(tenant_id, notice_type, self.subject.texts(), self.body.texts(), html)


class TestRequest(wire.Request):
    """To whom a test goes; robots, topics and webhooks have one address of their own."""

    email: MailAddress | None = None
    language: Reads = Reads.BOTH
