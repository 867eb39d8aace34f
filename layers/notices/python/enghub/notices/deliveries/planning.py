"""Who hears a notice by which way and when: publisher's recipients, rules, contacts, channels. No I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from enghub.core.notices import NoticeRequested, Severity
from enghub.notices.channels.model import HOOK, MAIL, Channel, Kind, built_in
from enghub.notices.contacts.model import Contact, next_at
from enghub.notices.deliveries.model import Delivery, Notice, State, delivery_id
from enghub.notices.languages import Reads
from enghub.notices.rules.model import Digest, Rule

MAX_RECIPIENTS = 400


@dataclass(frozen=True, slots=True)
class Settings:
    """What a tenant has said about notices."""

    tenant_id: str
    rules: Sequence[Rule] = ()
    contacts: Sequence[Contact] = ()
    channels: Mapping[str, Channel] = field(default_factory=dict)

    def channel(self, channel_id: str) -> Channel | None:
        """Return a channel that may be used."""
        found = self.channels.get(channel_id) or built_in(self.tenant_id, channel_id)
        return found if found is not None and found.is_active else None

    def contacts_of(self, roles: Sequence[str], users: Sequence[str], factory_id: str) -> Iterator[Contact]:
        """Yield the people with one of the roles, as far as the factory is theirs, and the users named."""
        for contact in self.contacts:
            if contact.user_id in users or (set(contact.roles) & set(roles) and contact.works_at(factory_id)):
                yield contact


@dataclass(frozen=True, slots=True)
class _Way:
    """One recipient by one channel."""

    channel: Channel
    address: str = ""
    contact: Contact | None = None
    signed_by: str = ""
    rule: Rule | None = None


def planned(notice: Notice, asked: NoticeRequested, settings: Settings, now: datetime) -> tuple[Delivery, ...]:
    """Return a delivery per recipient and channel, each once; the publisher's own recipients first.

    Whom several ways lead to hears by the first: the publisher's word before a rule's, a rule that tells at once before
    one that collects.
    """
    found: dict[str, Delivery] = {}
    rules = [rule for rule in settings.rules if rule.matches(notice.notice_type, notice.severity, notice.factory_id)]
    rules.sort(key=lambda rule: (rule.digest is not None, rule.rule_id))
    ways = [*_own(notice, asked, settings), *(way for rule in rules for way in _of_rule(rule, notice, settings))]
    for way in ways[:MAX_RECIPIENTS]:
        made = _delivery(notice, asked, way, now)
        found.setdefault(made.delivery_id, made)
    return tuple(found.values())


def _own(notice: Notice, asked: NoticeRequested, settings: Settings) -> Iterator[_Way]:
    mail, hook = settings.channel(MAIL), built_in(notice.tenant_id, HOOK)
    emails = {a.address.strip().lower(): a.address.strip() for a in asked.addresses if a.kind == "email"}
    if mail is not None:
        yield from (_Way(mail, address) for address in emails.values())
        people = settings.contacts_of(asked.roles, asked.users, notice.factory_id)
        yield from (_Way(mail, person.email, person) for person in people if person.email)
    if hook is not None:
        hooks = dict.fromkeys(a.address for a in asked.addresses if a.kind == "webhook")
        yield from (_Way(hook, address, signed_by=notice.source) for address in hooks)


def _of_rule(rule: Rule, notice: Notice, settings: Settings) -> Iterator[_Way]:
    for channel in filter(None, map(settings.channel, rule.channels)):
        if not channel.kind.is_mail:
            if channel.channel_id in settings.channels:
                yield _Way(channel, rule=rule)
            continue
        for contact in settings.contacts_of(rule.roles, rule.users, notice.factory_id):
            if contact.email:
                yield _Way(channel, contact.email, contact, rule=rule)
        yield from (_Way(channel, address, rule=rule) for address in rule.emails)


def _delivery(notice: Notice, asked: NoticeRequested, way: _Way, now: datetime) -> Delivery:
    channel, contact = way.channel, way.contact
    digest = way.rule.digest if way.rule is not None and asked.digestable else None
    made = Delivery(
        tenant_id=notice.tenant_id,
        delivery_id=delivery_id(notice.notice_id, _known_as(channel.kind), _identity(way)),
        notice_id=notice.notice_id,
        notice_type=notice.notice_type,
        severity=notice.severity,
        factory_id=notice.factory_id,
        channel_id=channel.channel_id,
        kind=channel.kind,
        address=way.address,
        user_id=contact.user_id if contact else "",
        reads=_reads(way, asked),
        signed_by=way.signed_by,
        state=State.PENDING,
        next_at=now,
        created_at=now,
        rule_id=way.rule.rule_id if way.rule else "",
    )
    if digest is not None and notice.severity is not Severity.CRITICAL:
        return _collected(made, digest, now)
    quiet = contact.quiet.end(now, contact.zone) if contact is not None and contact.quiet is not None else None
    return made if quiet is None or notice.severity is Severity.CRITICAL else made.postponed(quiet)


def _known_as(kind: Kind) -> Kind:
    """A recipient is the same by whichever server the mail goes."""
    return Kind.EMAIL if kind.is_mail else kind


def _identity(way: _Way) -> str:
    if not way.address:
        return f"{way.channel.tenant_id}/{way.channel.channel_id}"
    return way.address.lower() if way.channel.kind.is_mail else way.address


def _reads(way: _Way, asked: NoticeRequested) -> Reads:
    if way.contact is not None:
        return way.contact.reads
    return way.channel.reads if asked.language is None else Reads(asked.language)


def _collected(made: Delivery, digest: Digest, now: datetime) -> Delivery:
    """Return it as part of the next digest of its recipient by its channel."""
    due = next_at(now, digest.at, digest.zone)
    who = made.address.lower() or made.channel_id
    place = delivery_id(f"digest/{made.tenant_id}/{due.isoformat()}/{made.rule_id}", made.kind, who)
    return replace(made, state=State.COLLECTED, digest=place, next_at=due)


def digest_of(part: Delivery) -> Delivery:
    """Return the delivery that tells of the collected ones, due when they are."""
    return replace(
        part,
        delivery_id=part.digest,
        notice_id=part.digest,
        notice_type="notices.digest",
        severity=Severity.INFO,
        state=State.PENDING,
    )
