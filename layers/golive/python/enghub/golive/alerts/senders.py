"""Senders that fall silent are told from alerts that are over (OPS-11).

One timer per integration looks when it has to: it is not moved by every sign of life, but sets itself to when the last
noted one will be too old. The silence is an incident of the integration's service; it ends when the sender speaks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Kept
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.setup.service import Follows
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer
from enghub.golive.alerts.model import Heartbeat, Integration, Pulse
from enghub.golive.incidents.service import Incidents, New
from enghub.golive.incidents.services import OperatedService
from enghub.golive.purposes import SENDER_SILENT as PURPOSE

LEADS = ("OPS_LEAD",)
TRIES = 5


def subject(integration_id: str) -> str:
    """Return an integration's name among timers and notices."""
    return f"integration/{integration_id}"


def follows(after: Integration, _before: Integration | None, origin: Origin) -> Follows:
    """Return the timer of an integration that is stored: it looks once its heartbeat could be over."""
    about = subject(after.integration_id)
    if after.heartbeat is None or after.is_deleted:
        return Follows(timers=(CancelTimer(about, PURPOSE),))
    return Follows(timers=(SetTimer(about, PURPOSE, origin.at + after.heartbeat.allowed),))


class Pulses(Protocol):
    """What the use cases need of a store."""

    def get(self, tenant_id: str, integration_id: str) -> Kept[Pulse] | None:
        """Return when a sender was heard of."""

    def writes(self, before: Kept[Pulse] | None, after: Pulse, notice: Envelope | None) -> tuple[Any, ...]:
        """Return the writes of a pulse on what was read, and of a notice."""

    def looks(self, timer: SetTimer, origin: Origin) -> tuple[Any, ...]:
        """Return the writes that set the timer which looks."""

    def save(self, writes: tuple[Any, ...]) -> None:
        """Store writes, together."""

    def looked(self, due: DueTimer, again: SetTimer | None, origin: Origin) -> None:
        """Store that a timer fired without effect, and when to look again."""


@dataclass(frozen=True, slots=True)
class Senders:
    """The use cases."""

    store: Pulses
    incidents: Incidents
    integration: Callable[[str, str], Integration | None]
    service: Callable[[str, str], OperatedService]

    def heard(self, integration: Integration, origin: Origin) -> None:
        """Note a sign of life; a silence ends with it.

        Raises:
            Unavailable: too many at once; it has to be sent again.
        """
        beat = integration.heartbeat
        if beat is None:
            return
        for _ in range(TRIES):
            kept = self.store.get(origin.tenant_id, integration.integration_id)
            is_known = kept is not None and kept.value.silent_since is None
            if is_known and kept is not None and origin.at - kept.value.heard_at < beat.noted_every:
                return
            try:
                self._note(kept, integration, beat, origin)
            except VersionConflict:
                continue
            return
        raise Unavailable(reason="too many writers of one sign of life")

    def _note(self, kept: Kept[Pulse] | None, integration: Integration, beat: Heartbeat, origin: Origin) -> None:
        after = Pulse(origin.tenant_id, integration.integration_id, origin.at)
        if kept is None or kept.value.silent_since is None:
            self.store.save(self.store.writes(kept, after, None))
            return
        timer = SetTimer(subject(integration.integration_id), PURPOSE, origin.at + beat.allowed)
        notice = _notice("golive.sender_speaks", integration, kept.value, Severity.INFO).envelope(origin)
        writes = (*self.store.writes(kept, after, notice), *self.store.looks(timer, origin))
        incident = self.incidents.get(origin.tenant_id, kept.value.incident_id)
        if incident.value.state.is_over:
            self.store.save(writes)
        else:
            self.incidents.resolve(incident, f"{integration.name} speaks again", origin, writes)

    def look(self, due: DueTimer, origin: Origin) -> None:
        """Tell whether a sender is silent; the effect of its timer."""
        integration = self.integration(due.tenant_id, due.subject.partition("/")[2])
        beat = integration.heartbeat if integration else None
        if integration is None or beat is None:
            self.store.looked(due, None, origin)
            return
        kept = self.store.get(due.tenant_id, integration.integration_id)
        if kept is not None and kept.value.silent_since is not None:
            self.store.looked(due, None, origin)
            return
        since = kept.value.heard_at if kept is not None else due.due - beat.allowed
        if since + beat.allowed > origin.at:
            again = SetTimer(due.subject, PURPOSE, since + beat.allowed)
            self.store.looked(due, again, origin)
            return
        self._fell_silent((kept, since), integration, beat, due, origin)

    def _fell_silent(
        self,
        last: tuple[Kept[Pulse] | None, datetime],
        integration: Integration,
        beat: Heartbeat,
        due: DueTimer,
        origin: Origin,
    ) -> None:
        kept, since = last
        service = self.service(integration.service_id, origin.tenant_id)
        title = f"{integration.name}: no sign of life for {beat.minutes} min / {beat.minutes} 分钟无心跳"
        pulse = Pulse(origin.tenant_id, integration.integration_id, since, silent_since=origin.at)
        notice = _notice("golive.sender_silent", integration, pulse, Severity.WARNING).envelope(origin)

        def more(incident_id: str) -> tuple[Any, ...]:
            return self.store.writes(kept, replace(pulse, incident_id=incident_id), notice)

        new = New(service, title, beat.severity, integration.integration_id)
        self.incidents.open(new, origin, more=more, due=due)


def _notice(kind: str, integration: Integration, pulse: Pulse, severity: Severity) -> NoticeRequested:
    since = pulse.silent_since or pulse.heard_at
    return NoticeRequested(
        notice_type=kind,
        severity=severity,
        subject=subject(integration.integration_id),
        facts={
            "integration_id": integration.integration_id,
            "name": integration.name,
            "service": integration.service_id,
            "is_silent": severity is Severity.WARNING,
            "heard_at": pulse.heard_at.isoformat(timespec="seconds"),
        },
        roles=LEADS,
        dedupe_key=f"{kind}/{integration.integration_id}/{since.isoformat()}",
    )
