"""A rehearsal: an upgrade run up, down and up again on a copy of a site's database (UPG-09). No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core.commits import Command
from enghub.kit.runs.leases import Lease, Term
from enghub.upgrade.executions.step import Problem, StepRecord
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.planning.plan import LastRehearsal
from enghub.upgrade.planning.undo import backed_up, way_back
from enghub.upgrade.steps.registry import step_class

LEASED = "rehearsal"
TERM = Term(timedelta(minutes=20))
"""Longer than a workflow is silent: one task that runs out of its time, and the pause before its next try."""
MOST_LOSSES = 3
"""Lost workflows in the same part before nobody tries again by itself."""
LAUNCH = "launch_rehearsal"
"""The queue whose consumer starts workflows."""
KEPT = timedelta(days=90)
"""How long a rehearsal is kept with its steps; the last one of an upgrade stays for the plan."""
SHOWN = 500
"""Names of one kind in one answer; the scratch database has them all."""


class RehearsalStatus(StrEnum):
    """Of a rehearsal."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Part(StrEnum):
    """What a rehearsal does, in this order."""

    CLAIM = "claim"
    COPY = "copy"
    BEFORE = "before"
    UP = "up"
    DOWN = "down"
    AFTER = "after"
    AGAIN = "again"


PARTS = tuple(Part)


@dataclass(frozen=True, slots=True)
class StartRehearsal:
    """Which upgrade to rehearse, on how many rows of each table."""

    source_version: str
    target_version: str
    site_id: str
    environment: str
    row_limit: int


@dataclass(frozen=True, slots=True)
class NotCopied:
    """Something of the site that the scratch database lacks, wholly or in part, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Seconds of work of one step in the three runs; None where it did not run (to its end)."""

    step: str
    up: float | None
    down: float | None
    again: float | None
    restored: bool | None = None
    """Whether the structure after its undoing is that before it; None when that cannot be told."""
    differences: tuple[str, ...] = ()
    """Tables and views whose structure its undoing did not bring back."""
    no_inverse: Problem | None = None
    """Why it cannot be undone by itself."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One rehearsal. `run` counts its workflows."""

    tenant_id: str
    rehearsal_id: str
    site_id: str
    environment: str
    source_version: str
    target_version: str
    row_limit: int
    checksums: Mapping[str, str]
    """Of the manifest of every version on the path."""
    left_out: tuple[str, ...]
    """Steps, or parameters of steps, that use more than the database."""
    created_by: str
    created_at: datetime
    factory_id: str = ""
    status: RehearsalStatus = RehearsalStatus.RUNNING
    part: Part = Part.CLAIM
    run: int = 1
    ended_at: datetime | None = None
    rows: int = 0
    not_copied: tuple[NotCopied, ...] = ()
    steps: tuple[StepTimes, ...] = ()
    differences: tuple[str, ...] = ()
    """What the way back did not bring back as it was, rows and structure."""
    problem: Problem | None = None
    """Why `part` did not end."""
    lost: int = 0
    """Workflows lost in a row, in the same part."""

    @property
    def is_running(self) -> bool:
        """A workflow is, or should be, at work on it."""
        return self.status is RehearsalStatus.RUNNING

    @property
    def succeeded(self) -> bool:
        """Up, down and up again, and between them nothing was lost."""
        return self.status is RehearsalStatus.SUCCEEDED

    @property
    def tells_times(self) -> bool:
        """It came as far as the first way up."""
        return self.part not in (Part.CLAIM, Part.COPY, Part.BEFORE)

    @property
    def up_id(self) -> str:
        """Id of the records of the first way up, and of the way back."""
        return f"{self.rehearsal_id}-1"

    @property
    def again_id(self) -> str:
        """Id of the records of the second way up."""
        return f"{self.rehearsal_id}-2"

    @property
    def expires_at(self) -> datetime:
        """When it is forgotten."""
        return self.created_at + KEPT

    def next(self) -> "Rehearsal":
        """The present part is done; there is another one."""
        return replace(self, part=PARTS[PARTS.index(self.part) + 1], lost=0)

    def copied(self, rows: int, not_copied: Sequence[NotCopied]) -> "Rehearsal":
        """The copy is complete."""
        shown = tuple(not_copied[:SHOWN])
        if len(not_copied) > SHOWN:
            shown = (
                *shown,
                NotCopied(f"{len(not_copied) - SHOWN} more", "see enghub_rehearsal in the scratch database"),
            )
        return replace(self.next(), rows=rows, not_copied=shown)

    def compared(self, differences: Sequence[str]) -> "Rehearsal":
        """The way back is judged; up again shows whether what is left over matters."""
        return replace(self.next(), differences=_at_most(differences))

    def ended(self, steps: Sequence[StepTimes], problem: Problem | None, at: datetime) -> "Rehearsal":
        """It is over, at the end or before."""
        whole = problem is None and not self.differences
        status = RehearsalStatus.SUCCEEDED if whole else RehearsalStatus.FAILED
        return replace(self, status=status, steps=tuple(steps), problem=problem, ended_at=at)

    def go_on(self) -> "Rehearsal":
        """Go on in a fresh workflow, because the old one's history is long."""
        return replace(self, run=self.run + 1)

    def taken_up(self) -> "Rehearsal":
        """Go on in a fresh workflow, because the old one is lost; what was done is in the scratch database."""
        return replace(self.go_on(), lost=self.lost + 1)

    def lease(self, at: datetime) -> Lease:
        """Return the lease of its workflow, held or extended at `at`."""
        return Lease(LEASED, self.tenant_id, self.rehearsal_id, self.run, TERM.until(at))

    def beside(self, checksums: Mapping[str, str]) -> LastRehearsal:
        """Return what a plan made with manifests of these checksums shows of it."""
        outdated = dict(self.checksums) != dict(checksums)
        seconds = {times.step: (times.up, times.down) for times in self.steps}
        return LastRehearsal(self.rehearsal_id, self.ended_at, self.succeeded, outdated, self.row_limit, seconds)


@dataclass(frozen=True, slots=True)
class RehearsalDetail:
    """A rehearsal with its steps as far as they are."""

    rehearsal: Rehearsal
    steps: tuple[StepTimes, ...]


def launch_command(rehearsal: Rehearsal) -> Command:
    """Return the command that starts the workflow of a rehearsal's present run."""
    return Command(LAUNCH, {"rehearsalId": rehearsal.rehearsal_id, "run": rehearsal.run})


def rehearsed(definition: Step) -> tuple[Step | None, tuple[str, ...]]:
    """Return a step as a rehearsal on a copy of the database runs it, and the parameters it leaves out.

    None: the whole step is left out, as a plug-in is that has no opinion.
    """
    opinion = getattr(step_class(definition.class_name)(), "outside_rehearsal", None)
    outside: tuple[str, ...] | None = None if opinion is None else opinion(definition.parameters)
    if outside is None:
        return None, ()
    update: dict[str, Any] = {}
    for name in outside:
        parent, _, field = name.partition(".")
        whole = definition.parameters[parent]
        update[parent] = {key: value for key, value in whole.items() if key != field} if field else None
    return definition.model_copy(update=update), outside


@dataclass(frozen=True, slots=True)
class RehearsalSteps:
    """The steps of a rehearsal, as far as they are."""

    up: tuple[StepRecord, ...]
    down: tuple[StepRecord, ...]
    again: tuple[StepRecord, ...]
    declared: tuple[StepRecord, ...]
    """The manifests' own rollback steps: they undo a whole version before its steps do."""


def times(ways: RehearsalSteps, shapes: Mapping[str, Mapping[str, str]]) -> tuple[StepTimes, ...]:
    """Return what is known of every step.

    Args:
        ways: the steps.
        shapes: structures by `up 3` (after the third step went up; `up 0` at first) and `down 3` (after its undoing).
    """
    copies = backed_up(ways.up)
    versions = {step.version for step in ways.declared}
    found, before = [], shapes.get("up 0")
    for step in ways.up:
        possible, why = way_back(step.definition, copies, declared=step.version in versions)
        after = None if step.version in versions else shapes.get(f"down {step.sequence}")
        differences = _different(before, after)
        found.append(
            StepTimes(
                step.key,
                _seconds(ways.up, step.sequence),
                _seconds(ways.down, step.sequence, undoing=True),
                _seconds(ways.again, step.sequence),
                None if differences is None else not differences,
                _at_most(differences or (), 20),
                None if possible else Problem(why.en, why.zh),
            )
        )
        before = shapes.get(f"up {step.sequence}", before)
    return tuple(found)


def _seconds(steps: Sequence[StepRecord], sequence: int, *, undoing: bool = False) -> float | None:
    found = next((step for step in steps if (step.undoes if undoing else step.sequence) == sequence), None)
    return None if found is None or not found.status.is_finished else found.active_milliseconds / 1000


def _different(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> tuple[str, ...] | None:
    if before is None or after is None:
        return None
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _at_most(names: Sequence[str], count: int = SHOWN) -> tuple[str, ...]:
    """Items are bounded: the rest is told by its number."""
    return tuple(names) if len(names) <= count else (*names[:count], f"and {len(names) - count} more")
