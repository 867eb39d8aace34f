"""Who hears what of upgrades and roll-outs (UPG-13): recipients from manifests, texts in both languages. No I/O."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enghub.core.events import dumps
from enghub.core.i18n import Language, Text
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.notices.about import About, about

SUBJECT_LENGTH = 200
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Channel(StrEnum):
    """By which way a notice travels."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of event means to people."""

    text: Text
    is_success: bool = False
    to_everybody: bool = False
    next_command: str | None = None


KINDS: Mapping[str, Kind] = {
    "UpgradeSucceeded": Kind(Text("succeeded", "升级成功"), is_success=True),
    "UpgradeFailed": Kind(Text("failed", "升级失败"), next_command="enghub upgrade resume {id} --follow"),
    "UpgradeAborted": Kind(Text("was aborted", "升级已中止"), next_command="enghub upgrade resume {id} --follow"),
    "UpgradeConfirmationRequested": Kind(
        Text("waits for your confirmation", "等待人工确认"), next_command="enghub upgrade confirm {id} --follow"
    ),
    "UpgradeRolledBack": Kind(Text("was rolled back", "已回滚"), next_command="enghub upgrade status {id}"),
    "UpgradeRollbackFailed": Kind(
        Text("could not be rolled back: somebody must look at the site now", "回滚失败，请立即检查局点"),
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


@dataclass(frozen=True, slots=True)
class Target:
    """One recipient."""

    channel: Channel
    address: str

    def mark(self, event_id: str) -> str:
        """Return by what a delivery is remembered, and a receiver recognises a repeat; says nothing of the address."""
        return hashlib.sha256(f"{event_id}/{self.channel}/{self.address}".encode()).hexdigest()

    @property
    def shown(self) -> str:
        """The address as a log may hold it."""
        if self.channel is Channel.EMAIL:
            return f"{self.address[:1]}***@{self.address.rpartition('@')[2]}"
        return self.address.split("?")[0].split("#")[0].rpartition("@")[2][:100]


def targets(event_type: str, declared: Iterable[Notifications]) -> tuple[Target, ...]:
    """Return who hears of an event, each once: monitoring, then people, then programs."""
    kind = KINDS[event_type]
    parts = tuple(declared)
    emails = [address for part in parts for address in _addresses(part, kind)]
    hooks = [part.webhook_url for part in parts if part.webhook_url]
    people = {address.strip().lower(): Target(Channel.EMAIL, address.strip()) for address in emails}
    programs = [Target(Channel.WEBHOOK, url) for url in dict.fromkeys(hooks)]
    return (Target(Channel.METRICS, "enghub"), *people.values(), *programs)


def _addresses(part: Notifications, kind: Kind) -> tuple[str, ...]:
    if kind.to_everybody:
        return (*part.on_success, *part.on_failure)
    return part.on_success if kind.is_success else part.on_failure


@dataclass(frozen=True, slots=True)
class Notice:
    """One event, as it is told."""

    event_id: str
    event_type: str
    at: str
    data: Mapping[str, Any]
    report_url: str | None
    duration_seconds: float | None = None

    @property
    def about(self) -> About:
        """Whom or what it tells of."""
        return about(self.data)

    @property
    def next_command(self) -> str | None:
        """What to type, if anything."""
        command = KINDS[self.event_type].next_command
        return None if command is None else command.format(id=self.about.id)

    @property
    def subject(self) -> str:
        """One line, both languages."""
        text = KINDS[self.event_type].text
        line = f"[EngHub] {self.about.title} {text.en.split(':')[0]} / {text.zh}"
        return " ".join(line.split())[:SUBJECT_LENGTH]

    @property
    def body(self) -> str:
        """The mail: English, then Chinese, for nobody says in a manifest which language a recipient reads."""
        return "\n\n".join(self._lines(language) for language in LANGUAGES)

    def _lines(self, language: Language) -> str:
        found, said = self.about, KINDS[self.event_type].text.render(language)
        lines = (
            (found.what, f"{found.title}: {said}"),
            *found.facts,
            (Text("Note", "说明"), (self.data.get("note") or {}).get(language)),
            (Text("Error", "错误"), self.data.get("problem")),
            (Text("Next", "下一步"), self.next_command),
            (Text("Report", "报告"), self.report_url or found.report),
        )
        return "\n".join(f"{label.render(language)}: {value}" for label, value in lines if value)

    @property
    def payload(self) -> str:
        """The webhook's body."""
        text = KINDS[self.event_type].text
        return dumps(
            {
                "id": self.event_id,
                "type": self.event_type,
                "at": self.at,
                "message": {"en": text.en, "zh": text.zh},
                **self.about.members,
                "status": self.data["status"],
                "error": self.data.get("problem"),
                "nextCommand": self.next_command,
                "reportUrl": self.report_url,
            }
        )
