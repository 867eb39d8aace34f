"""What a step is: small classes with `validate`, `estimate`, `run` in slices and `rollback` (UPG-02, UPG-06)."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, Cursor, Progress, Slice, done
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.ports import Ports

if TYPE_CHECKING:
    from enghub.kit.databases.session import ReadSession, WriteSession
    from enghub.upgrade.stepping.hooks import Hooks


class Databases(Protocol):
    """Opens the site's database."""

    def reader(self, timeout_seconds: int) -> AbstractContextManager["ReadSession"]:
        """Open a read-only session; a statement may take at most `timeout_seconds`."""

    def writer(self, budget: Budget) -> AbstractContextManager["WriteSession"]:
        """Open the one writing session of this execution.

        Raises:
            DatabaseBusy: a statement of an earlier worker is still running in the server.
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
    ports: Ports = field(default_factory=Ports)
    """The artifact store, the site's files, its caches and secrets."""


class Step(Protocol):
    """A unit of work. Instances hold no state: one may be made per call."""

    summary: ClassVar[str]
    """One line for the catalogue."""

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the parameters, each with the parameter's path; no I/O."""

    def estimate(self, parameters: Mapping[str, Any]) -> int | None:
        """Return the expected seconds, None when unknown."""

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Work until done or until the budget is spent.

        Raises:
            WorkFailed: with the reason for a person.
        """

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Undo what `run` did, in slices as well.

        Raises:
            WorkFailed: with the reason for a person.
        """


NOT_REVERSIBLE = Text("This step has nothing that undoes it", "该步骤不支持回滚")


Takes = frozenset[str] | None
"""Names of a step's parameters, so that a misspelt one is refused instead of passed over; None takes any."""


class BaseStep:
    """Defaults for steps that need no more."""

    summary: ClassVar[str] = ""
    takes: ClassVar[Takes] = None
    methods: ClassVar[frozenset[str]] = frozenset()
    """Further methods, called as `run` is, that a manifest may name as `method_name`; `rollback` undoes them too."""
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

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
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
            raise WorkFailed(NOT_REVERSIBLE)
        return done({"rollback": "nothing to undo"})
