"""What the use cases of runbooks need of a store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.core.timers.model import DueTimer
from enghub.golive.runbooks.model import Run, Runbook


@dataclass(frozen=True, slots=True)
class Versioned:
    """A runbook in one of its versions, 0 for a built-in one."""

    runbook: Runbook
    version: int


@dataclass(frozen=True, slots=True)
class Found:
    """A run with the runbook that it follows, as it was when the run began."""

    run: Kept[Run]
    runbook: Runbook


@dataclass(frozen=True, slots=True)
class RunPage:
    """Part of an incident's runs, the latest first."""

    items: tuple[Kept[Run], ...]
    cursor: str | None


class Runs(Protocol):
    """Stores runs beside the incidents that they belong to."""

    def run(self, tenant_id: str, run_id: str) -> Found | None:
        """Return a run with its runbook."""

    def active(self, tenant_id: str, incident_id: str, runbook_id: str) -> str | None:
        """Return the run that goes on of an incident and a runbook."""

    def runs(self, tenant_id: str, incident_id: str, limit: int, cursor: str | None) -> RunPage:
        """Return part of an incident's runs."""

    def begin(self, commit: Commit[Run], runbook: Runbook) -> tuple[Kept[Run], tuple[Any, ...]]:
        """Return a new run and its writes, for the transaction that also notes it on the incident's timeline."""

    def change(self, commit: Commit[Run]) -> tuple[Kept[Run], tuple[Any, ...]]:
        """Return a changed run and its writes, for the same transaction."""

    def rest(self, due: DueTimer, now: datetime) -> None:
        """Note that a timer rang whose reason is gone."""


class RunbookStore(Protocol):
    """Stores the runbooks of tenants with all their versions."""

    def get(self, tenant_id: str, name: str) -> Kept[Runbook] | None:
        """Return the newest version."""

    def version(self, tenant_id: str, name: str, version: int) -> Runbook | None:
        """Return a version."""

    def all(self, tenant_id: str) -> list[Kept[Runbook]]:
        """Return those that are not deleted, by name."""

    def save(self, commit: Commit[Runbook]) -> Kept[Runbook]:
        """Store a version."""
