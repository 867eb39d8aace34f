"""One-time clocks: whatever runs one dies, and it has its effect once all the same (issue 12).

Escalations, silences of senders and what begins a drill or a month are in the other flows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from enghub.core import clock
from enghub.core.clock import system_clock
from enghub.core.timers.dynamo import read, writes
from enghub.core.timers.model import SetTimer, Wake
from enghub.core.transactions import transact
from enghub.golive import purposes
from enghub.golive.actions import wiring as actions
from enghub.golive.actions.model import Wanted
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.draft import CLOCK
from enghub.golive.incidents.service import New
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.readiness.model import aftercare_subject
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.faults.flows import golive_aftercare, golive_drills, golive_ramps, golive_runbooks
from tests.faults.flows.golive import HASHES, TIMERS, night, origin
from tests.faults.harness import Flow, register


@dataclass
class Rung:
    """A timer whose time has come; its wake-up comes, and comes again."""

    handler: Any
    wake: Wake

    def ring(self) -> list[str]:
        record = {"messageId": "m", "body": self.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.handler({"Records": [record]}, Context()))


def due(subject: str, purpose: str) -> Rung:
    """Put a timer that is set into the past."""
    timer = read(Wake("acme", subject, purpose))
    assert timer is not None, f"{subject} {purpose} is not set"
    past = system_clock() - timedelta(minutes=1)
    transact(*writes(SetTimer(subject, purpose, past, timer.payload), origin()))
    moved = read(Wake("acme", subject, purpose))
    assert moved is not None
    return Rung(load_handler("golive", "wake_timers"), moved.wake)


def told(kind: str) -> int:
    return sum(one["data"]["notice_type"] == f"golive.{kind}" for one in stored.events("NoticeRequested"))


def breached() -> Rung:
    night()
    service = incidents.services().get("acme", "erp").value
    made = incidents.incidents().open(New(service, "down", IncidentSeverity.P1, "lead"), origin(minutes_ago=20))
    return due(f"incident/{made.value.incident_id}/respond", CLOCK)


def breach_once(_: Rung) -> None:
    kinds = [one["kind"] for one in stored.items("INCIDENT_ENTRY")]
    assert (kinds.count("breach"), told("breach")) == (1, 1)


def asked() -> Rung:
    """Begun an hour ago: the next report is asked for now."""
    whole = clock._now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "_now", lambda zone: whole(zone) - timedelta(hours=1))
        month = golive_aftercare.live()
    return due(aftercare_subject(month.go_live), purposes.AFTERCARE_CHECK)


def asked_once(_: Rung) -> None:
    assert told("aftercare_due") == 2, "the report of two hours when it began, and that of four"


def late_run() -> Rung:
    run = golive_runbooks.following().path.rpartition("/")[2]
    return due(f"runbook/{run}", purposes.RUNBOOK_LATE)


def late_once(_: Rung) -> None:
    assert told("runbook_late") == 1


def forgotten_drill() -> Rung:
    return due(f"drill/{golive_drills.running().drill_id}", purposes.DRILL_END)


def ended_once(_: Rung) -> None:
    assert [one["state"] for one in stored.items("DRILL")] == ["DONE"]
    assert (len(stored.events("DrillEnded")), told("drill_ended")) == (1, 1)


def overdue() -> Rung:
    wanted = Wanted("rotate the logs", "ana", system_clock() - timedelta(hours=1))
    made = actions.actions().promise("incident/i", wanted, origin(), None).value
    return due(made.subject, purposes.ACTION_OVERDUE)


def overdue_once(_: Rung) -> None:
    assert told("action_overdue") == 1


def lost_turn() -> Rung:
    return due(f"ramp/{golive_ramps.started().ramp_id}", purposes.RAMP_LOST)


def asked_for_once(_: Rung) -> None:
    assert len(stored.commands("advance_ramp")) == 1


def flow(name: str, arrange: Any, must: Any, around: Any = None) -> None:
    volatile = (*HASHES, r"drill/[0-9A-Z]{26}", r"\b[0-9a-f]{40}\b")
    environment = {**TIMERS, "BUCKET_NAME": "enghub-test-files"}
    options = {"around": around, "environment": environment, "volatile": volatile}
    register(Flow(name, "golive", arrange, Rung.ring, must=must, **options))


flow("let an incident's clock run out", breached, breach_once)
flow("ask for a check after a go-live", asked, asked_once)
flow("tell that a runbook takes too long", late_run, late_once, golive_runbooks.recording)
flow("end a drill that nobody ended", forgotten_drill, ended_once)
flow("tell that an action is overdue", overdue, overdue_once)
flow("ask again for a ramp's turn", lost_turn, asked_for_once, golive_ramps.at_hand)
