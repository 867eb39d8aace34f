"""What the use cases of cut-overs need from a store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.golive.cutover.model import Run
from enghub.golive.cutover.plans import CutoverPlan


@dataclass(frozen=True, slots=True)
class Found:
    """A run with the plan that it froze."""

    run: Kept[Run]
    plan: CutoverPlan


@dataclass(frozen=True, slots=True)
class RunPage:
    """Part of a list."""

    items: tuple[Kept[Run], ...]
    cursor: str | None


class Cutovers(Protocol):
    """Stores plans and runs."""

    def plan(self, tenant_id: str, go_live_id: str) -> Kept[CutoverPlan] | None:
        """Return the plan of a go-live."""

    def save_plan(self, commit: Commit[CutoverPlan]) -> Kept[CutoverPlan]:
        """Store a plan.

        Raises:
            VersionConflict
        """

    def active(self, tenant_id: str, go_live_id: str) -> str | None:
        """Return the run that goes on."""

    def start(self, commit: Commit[Run], plan: CutoverPlan) -> Kept[Run]:
        """Store a new run with its frozen plan and its lease.

        Raises:
            RunGoesOn: another one goes on.
        """

    def run(self, tenant_id: str, run_id: str) -> Found | None:
        """Return a run with its plan."""

    def save(self, commit: Commit[Run]) -> Kept[Run]:
        """Store what a run became; one that ended gives its lease back.

        Raises:
            VersionConflict
        """

    def runs(self, tenant_id: str, go_live_id: str, limit: int, cursor: str | None) -> RunPage:
        """Return part of a go-live's runs, the latest first."""

    def extend(self, run: Run) -> None:
        """Say that somebody is at work on a run."""

    def keep_token(self, tenant_id: str, run_id: str, token: str) -> None:
        """Keep how to wake whoever waits."""

    def token(self, tenant_id: str, run_id: str) -> str | None:
        """Return how to wake whoever waits."""


class Waker(Protocol):
    """Wakes an execution that waits."""

    def wake(self, token: str) -> None:
        """Let it go on; one that does not wait any more is fine."""


class Launcher(Protocol):
    """Starts executions."""

    def launch(self, name: str, given: Mapping[str, Any]) -> None:
        """Start the execution of this name; the same one however often it is asked for."""
