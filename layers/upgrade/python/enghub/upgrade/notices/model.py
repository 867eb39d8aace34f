"""What people are told of upgrades and roll-outs (UPG-13): recipients from manifests, facts in both languages. No I/O.

The context notices writes the texts (its `catalogue/types.json`) and reaches the recipients; a webhook's body is here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.clock import to_text
from enghub.core.events import Envelope
from enghub.core.i18n import Text
from enghub.core.notices import NoticeAddress, NoticeRequested, Severity
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.notices.subjects import Subject, subject_of


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of event means to people."""

    text: Text
    severity: Severity = Severity.WARNING
    is_success: bool = False
    to_everybody: bool = False
    next_command: str | None = None


KINDS: Mapping[str, Kind] = {
    "UpgradeSucceeded": Kind(Text("succeeded", "升级成功"), Severity.INFO, is_success=True),
    "UpgradeFailed": Kind(
        Text("failed", "升级失败"), Severity.CRITICAL, next_command="enghub upgrade resume {id} --follow"
    ),
    "UpgradeAborted": Kind(Text("was aborted", "升级已中止"), next_command="enghub upgrade resume {id} --follow"),
    "UpgradeConfirmationRequested": Kind(
        Text("waits for your confirmation", "等待人工确认"), next_command="enghub upgrade confirm {id} --follow"
    ),
    "UpgradeRolledBack": Kind(Text("was rolled back", "已回滚"), next_command="enghub upgrade status {id}"),
    "UpgradeRollbackFailed": Kind(
        Text("could not be rolled back: somebody must look at the site now", "回滚失败，请立即检查局点"),
        Severity.CRITICAL,
        next_command="enghub upgrade status {id}",
    ),
    "UpgradeReadyToStop": Kind(
        Text("is ready: the business system is stopped now", "准备就绪，即将停止业务系统"),
        to_everybody=True,
        next_command="enghub upgrade status {id}",
    ),
    "UpgradeNeedsAttention": Kind(
        Text("goes on, but somebody has to look at something", "继续执行，但有事项需人工处理"),
        next_command="enghub upgrade report {id}",
    ),
    "RolloutConfirmationRequested": Kind(
        Text("waits for your confirmation of its next wave", "等待确认下一批次"),
        next_command="enghub upgrade rollout confirm {id} --follow",
    ),
    "RolloutStopped": Kind(
        Text("stopped: no further site begins", "批量升级已停止，不再升级其他局点"),
        next_command="enghub upgrade rollout resume {id} --follow",
    ),
}
"""Every event that people hear of. Good news goes to `on_success`, what needs somebody to `on_failure`."""


def addresses(event_type: str, declared: Iterable[Notifications]) -> tuple[NoticeAddress, ...]:
    """Return who hears of an event, each once: people, then programs."""
    kind, parts = KINDS[event_type], tuple(declared)
    emails = [address.strip() for part in parts for address in _emails(part, kind)]
    people = {address.lower(): NoticeAddress(kind="email", address=address) for address in emails}
    hooks = dict.fromkeys(part.webhook_url for part in parts if part.webhook_url)
    return (*people.values(), *(NoticeAddress(kind="webhook", address=url) for url in hooks))


def _emails(part: Notifications, kind: Kind) -> tuple[str, ...]:
    if kind.to_everybody:
        return (*part.on_success, *part.on_failure)
    return part.on_success if kind.is_success else part.on_failure


def notice_type(event_type: str) -> str:
    """Return the notice's type: `upgrade.failed` of UpgradeFailed."""
    family, name = re.fullmatch(r"(Upgrade|Rollout)(\w+)", event_type).groups()  # type: ignore[union-attr]
    return f"{family.lower()}.{re.sub(r'(?<!^)(?=[A-Z])', '_', name).lower()}"


def requested(event: Envelope, declared: Iterable[Notifications], report_url: str | None) -> NoticeRequested:
    """Return what is asked for an event; told once, however often the event comes."""
    kind, subject = KINDS[event.event_type], subject_of(event.data)
    command = None if kind.next_command is None else kind.next_command.format(id=subject.id)
    said = {"en": kind.text.en, "zh": kind.text.zh, "short": kind.text.en.split(":")[0]}
    facts = {**subject.facts, "said": said, "problem": event.data.get("problem"), "next_command": command}
    report = {} if subject.report is None else {"report": report_url or subject.report}
    return NoticeRequested(
        notice_type=notice_type(event.event_type),
        severity=kind.severity,
        subject=f"{subject.kind}/{subject.id}",
        facts={**facts, **report},
        addresses=addresses(event.event_type, declared),
        dedupe_key=event.event_id,
        payload=_payload(event, subject, kind.text, command, report_url),
    )


def _payload(
    event: Envelope, subject: Subject, text: Text, command: str | None, report_url: str | None
) -> dict[str, Any]:
    """Return the webhook's body."""
    return {
        "id": event.event_id,
        "type": event.event_type,
        "at": to_text(event.timestamp),
        "message": {"en": text.en, "zh": text.zh},
        **subject.members,
        "status": event.data["status"],
        "error": event.data.get("problem"),
        "nextCommand": command,
        "reportUrl": report_url,
    }
