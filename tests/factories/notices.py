"""Notices, people, rules and channels for tests."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from enghub.core.notices import NoticeAddress, NoticeRequested, Severity
from enghub.notices.channels.model import Channel, Kind
from enghub.notices.contacts.model import Contact, Quiet
from enghub.notices.deliveries.model import Notice
from enghub.notices.languages import Reads
from enghub.notices.rules.model import Rule

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
"""18:00 in Shanghai, 11:00 in Berlin."""
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
NIGHT = Quiet("22:00", "07:00")
FACTS = {
    "title": "EU (prod): 2.16.4 → 2.16.5",
    "said": {"en": "failed", "zh": "升级失败", "short": "failed"},
    "execution_id": "01E",
    "completed_steps": 2,
    "total_steps": 5,
    "problem": "disk full",
}


def requested(**changed: Any) -> NoticeRequested:
    """What a context asks."""
    given = {"notice_type": "upgrade.failed", "severity": Severity.WARNING, "subject": "upgrade/01E", "facts": FACTS}
    return NoticeRequested(**{**given, **changed})


def mail_to(*addresses: str) -> tuple[NoticeAddress, ...]:
    return tuple(NoticeAddress(kind="email", address=address) for address in addresses)


def hook_at(*addresses: str) -> tuple[NoticeAddress, ...]:
    return tuple(NoticeAddress(kind="webhook", address=address) for address in addresses)


def a_notice(asked: NoticeRequested | None = None, **changed: Any) -> Notice:
    asked = asked or requested()
    made = Notice(
        tenant_id="acme",
        notice_id="01N",
        factory_id="",
        source="upgrade",
        notice_type=asked.notice_type,
        severity=asked.severity,
        subject=asked.subject,
        facts=asked.facts,
        links=asked.links,
        payload=asked.payload,
        wants_acknowledgement=asked.acknowledge,
        at=NOW,
    )
    return replace(made, **changed)


def ada(**changed: Any) -> Contact:
    """Who plans in Shanghai and reads Chinese."""
    made = Contact("acme", "ada", "Ada", "ada@example.com", ("PLANNER",), ("sh-01",), Reads.ZH, SHANGHAI)
    return replace(made, **changed)


def bob(**changed: Any) -> Contact:
    """Who plans in Berlin and reads English."""
    made = Contact("acme", "bob", "Bob", "bob@example.com", ("PLANNER",), ("bl-01",), Reads.EN, BERLIN)
    return replace(made, **changed)


def a_rule(**changed: Any) -> Rule:
    made = Rule("acme", "planners", "Planners hear of upgrades", ("upgrade.*",), ("email",), roles=("PLANNER",))
    return replace(made, **changed)


def a_channel(kind: Kind = Kind.DINGTALK, channel_id: str = "ops", **changed: Any) -> Channel:
    return replace(Channel("acme", channel_id, "Operations", kind), **changed)
