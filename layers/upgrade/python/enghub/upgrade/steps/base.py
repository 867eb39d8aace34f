"""What a step is: small classes with `validate`, `estimate`, `run` in slices and `rollback` (UPG-02, UPG-06)."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from enghub.core.i18n import Text
from enghub.upgrade.sql.dialect import Dialect

if TYPE_CHECKING:
    from enghub.upgrade.gateways.databases.session import ReadSession, WriteSession
    from enghub.upgrade.gateways.hooks import Hooks
    from enghub.upgrade.steps.ports import Ports

ROLLBACK_SCOPE = "#rollback"
"""Ends the journal's scope of rollback scripts."""
Cursor = Mapping[str, Any]
"""Where a step goes on; JSON values only. A hint: the target database's own journal decides what was done."""


class SliceState(StrEnum):
    """Whether the step is finished."""

    DONE = "done"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is; `total` is None while unknown, rates are units per second."""

    done: int
    total: int | None
    unit: str
    rate_per_second: Decimal | None = None

    @property
    def seconds_left(self) -> int | None:
        """Time left at the present rate."""
        if self.total is None or not self.rate_per_second:
            return None
        return int((self.total - self.done) / self.rate_per_second) + 1 if self.total > self.done else 0

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "ratePerSecond": None if self.rate_per_second is None else float(self.rate_per_second),
            "secondsLeft": self.seconds_left,
        }


@dataclass(frozen=True, slots=True)
class Slice:
    """What one call of `run` achieved."""

    state: SliceState
    cursor: Cursor = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    wait_seconds: int = 0
    """Only with MORE: not before this time has passed."""


def done(result: Mapping[str, Any], progress: Progress | None = None) -> Slice:
    """Return the last slice of a step."""
    return Slice(SliceState.DONE, {}, result, progress)


def more(
    cursor: Cursor, progress: Progress | None = None, *, result: Mapping[str, Any] | None = None, wait_seconds: int = 0
) -> Slice:
    """Return a slice after which `run` wants to be called again."""
    return Slice(SliceState.MORE, cursor, result or {}, progress, wait_seconds)


class StepFailed(Exception):
    """The step cannot succeed as things are. `retryable` failures are tried again by the step's retry_count.

    `values` fill the text's places; one that is a text itself is said in the reader's language too.
    """

    def __init__(
        self, text: Text, *, retryable: bool = False, result: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        english = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
        chinese = {name: value.zh if isinstance(value, Text) else value for name, value in values.items()}
        self.text = Text(text.render("en", **english), text.render("zh", **chinese))
        self.retryable = retryable
        self.result = dict(result or {})
        super().__init__(self.text.en)


class TargetBusy(Exception):
    """A statement of an earlier worker is still running in the server: come back later."""


class DatabaseUnreachable(Exception):
    """The site's database does not answer, or broke the connection off: come back later."""


class Superseded(Exception):
    """A newer run of the execution took over: this worker must stop at once."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a slice may go on: `soft` ends it politely, `hard` is when the process is stopped."""

    soft_at: float
    hard_at: float
    monotonic: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, soft_seconds: float, hard_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> "Budget":
        """Return a budget that starts now."""
        now = monotonic()
        return cls(now + soft_seconds, now + hard_seconds, monotonic)

    @property
    def spent(self) -> bool:
        """True when the slice should end."""
        return self.monotonic() >= self.soft_at

    @property
    def seconds_to_hard(self) -> float:
        """Seconds until the process is stopped."""
        return max(0.0, self.hard_at - self.monotonic())


class Databases(Protocol):
    """Opens the site's database."""

    def reader(self, timeout_seconds: int) -> AbstractContextManager["ReadSession"]:
        """Open a read-only session; a statement may take at most `timeout_seconds`."""

    def writer(self, budget: Budget) -> AbstractContextManager["WriteSession"]:
        """Open the one writing session of this execution.

        Raises:
            TargetBusy: a statement of an earlier worker is still running in the server.
            Superseded: a newer run of the execution took over.
        """


@dataclass(frozen=True, slots=True)
class Facts:
    """Which step of which execution runs."""

    tenant_id: str
    execution_id: str
    site_id: str
    environment: str
    source_version: str
    target_version: str
    version: str
    step_id: str
    phase: str
    """Where the step stands: one of the five phases, `stop_service` or `start_service`."""
    run: int = 1
    """Of the execution; a resumed one has the next."""

    @property
    def scope(self) -> str:
        """Names the step in the journal of the target database, the same in every execution."""
        return f"{self.version}/{self.step_id}"


def _ignore(*_: Any) -> None:
    return None


def _no_ports() -> "Ports":
    from enghub.upgrade.steps.ports import Ports  # noqa: PLC0415 - it raises this module's StepFailed

    return Ports()


@dataclass(frozen=True, slots=True)
class StepContext:
    """Everything a step may use."""

    facts: Facts
    parameters: Mapping[str, Any]
    script: Callable[[str], str]
    """Text of a script of the pinned manifest revision, by path; KeyError when the bundle lacks it."""
    databases: Databases
    hooks: "Hooks"
    budget: Budget
    log: Callable[[str, str], None] = _ignore
    """`log("info", "text")` appends to the execution's detailed log."""
    report: Callable[[Progress], None] = _ignore
    """Publishes progress while a slice runs."""
    point: Callable[[str], None] = _ignore
    """Called at named points between effects; tests stop the process there."""
    decision: str | None = None
    """What an operator decided about a statement in doubt: `applied` or `again`."""
    data_touched: bool = True
    """In a rollback: the outage's work had begun. Otherwise the system still wrote, and no backup is brought back."""
    ports: "Ports" = field(default_factory=_no_ports)
    """The artifact store, the site's files, its caches and secrets."""


class Step(Protocol):
    """A unit of work. Instances hold no state: one may be made per call."""

    summary: ClassVar[str]
    """One line for the catalogue."""

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what is wrong with the parameters, each text beginning with the parameter's name; no I/O."""

    def estimate(self, parameters: Mapping[str, Any]) -> int | None:
        """Return the expected seconds, None when unknown."""

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Work until done or until the budget is spent.

        Raises:
            StepFailed: with the reason for a person.
        """

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Undo what `run` did, in slices as well.

        Raises:
            StepFailed: with the reason for a person.
        """


NOT_REVERSIBLE = Text("This step has nothing that undoes it", "该步骤不支持回滚")


Takes = frozenset[str] | None
"""Names of a step's parameters, so that a misspelt one is refused instead of passed over; None takes any."""


class BaseStep:
    """Defaults for steps that need no more."""

    summary: ClassVar[str] = ""
    takes: ClassVar[Takes] = None
    writes: ClassVar[bool] = True
    transactions: ClassVar[bool] = True
    """Needs a database with transactions; steps that know how to do without say False."""
    rehearsable: ClassVar[bool] = False
    """Uses nothing of the site but its database and the artifact store, of which a rehearsal has its own."""

    def outside_rehearsal(self, parameters: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Return the parameters that a rehearsal on a copy of the database leaves out; None: the whole step.

        `backup.config_files` is the field of an object.
        """
        del parameters
        return () if self.rehearsable else None

    def unsupported(self, parameters: Mapping[str, Any], dialect: Dialect) -> tuple[str, ...]:
        """Return the names of what here cannot run on a kind of database (UPG-19)."""
        del parameters
        return () if dialect.has_transactions or not self.transactions else (type(self).__name__,)

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Accept every parameter."""
        del parameters
        return ()

    def estimate(self, parameters: Mapping[str, Any]) -> int | None:
        """Return unknown."""
        del parameters
        return None

    def why_irreversible(self, parameters: Mapping[str, Any], copies: frozenset[str]) -> Text | None:
        """Return why the step cannot undo what it does, None when it can.

        Args:
            parameters: the step's own.
            copies: tables that the upgrade backs up in the outage, and that a rollback therefore brings back.
        """
        del parameters, copies
        undoes = type(self).rollback is not BaseStep.rollback
        return None if undoes or not self.writes else NOT_REVERSIBLE

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Do nothing for a step that changed nothing; refuse otherwise."""
        del context, cursor
        if self.writes:
            raise StepFailed(NOT_REVERSIBLE)
        return done({"rollback": "nothing to undo"})
