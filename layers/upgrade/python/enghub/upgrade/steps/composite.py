"""The document's five generic steps: each does whatever of its phase's work the parameters ask for."""

from collections.abc import Mapping
from typing import Any, ClassVar

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Slice, SliceState, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, Step, StepContext
from enghub.upgrade.steps.async_migration import AsynchronousMigration
from enghub.upgrade.steps.backup import Backup
from enghub.upgrade.steps.business_check import BusinessCheck
from enghub.upgrade.steps.cache_rebuild import CacheRebuild
from enghub.upgrade.steps.config_preparation import ConfigPreparation
from enghub.upgrade.steps.config_update import ConfigUpdate
from enghub.upgrade.steps.health_check import HealthChecks, SmokeTests
from enghub.upgrade.steps.index_optimisation import IndexOptimisation
from enghub.upgrade.steps.log_cleanup import LogCleanup
from enghub.upgrade.steps.resource_import import ResourceImport
from enghub.upgrade.steps.resource_release import ResourceRelease
from enghub.upgrade.steps.row_migration import RowMigration
from enghub.upgrade.steps.service_check import ServiceCheck
from enghub.upgrade.steps.sql_scripts import SqlScripts
from enghub.upgrade.steps.table_rebuild import TableRebuild
from enghub.upgrade.steps.tuning import PerformanceTuning
from enghub.upgrade.steps.verification import Verification

Parts = tuple[tuple[str, tuple[str, ...], type[Step]], ...]
"""Name of the part, the parameters that ask for it, its step."""


class Composite(BaseStep):
    """Runs its parts in order; parts whose parameters are absent are left out. The cursor is (part, its cursor)."""

    parts: ClassVar[Parts] = ()

    def __init_subclass__(cls) -> None:
        """A composite takes what its parts take."""
        cls.takes = frozenset(name for _, _, part in cls.parts for name in getattr(part, "takes", None) or ())

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        return tuple(problem for _, _, part in self.parts for problem in part().validate(parameters))

    def why_irreversible(self, parameters: Mapping[str, Any], copies: frozenset[str]) -> Text | None:
        """Return the first reason of a part that is asked for."""
        asked = (part() for _, names, part in self.parts if _asked(names, parameters))
        reasons = (part.why_irreversible(parameters, copies) for part in asked if isinstance(part, BaseStep))
        return next((reason for reason in reasons if reason is not None), None)

    def estimate(self, parameters: Mapping[str, Any]) -> int | None:
        """Add up what the parts that are asked for expect; None when none of them knows."""
        asked = (part().estimate(parameters) for _, names, part in self.parts if _asked(names, parameters))
        known = [seconds for seconds in asked if seconds is not None]
        return sum(known) if known else None

    def unsupported(self, parameters: Mapping[str, Any], dialect: Dialect) -> tuple[str, ...]:
        """Name the parts that are asked for and cannot run."""
        asked = [part() for _, names, part in self.parts if _asked(names, parameters)]
        return tuple(
            name for part in asked if isinstance(part, BaseStep) for name in part.unsupported(parameters, dialect)
        )

    def outside_rehearsal(self, parameters: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Leave out the parts that use more than the database; the whole step when nothing else is asked for."""
        outside: list[str] = []
        inside = False
        for names, part in [(names, part()) for _, names, part in self.parts if _asked(names, parameters)]:
            opinion = part.outside_rehearsal(parameters) if isinstance(part, BaseStep) else None
            inside = inside or opinion is not None
            outside += [name for name in names if name in parameters] if opinion is None else opinion
        return None if outside and not inside else tuple(outside)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run the parts that are asked for."""
        return self._go(context, cursor, [part for part in self.parts if _asked(part[1], context.parameters)], "run")

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Undo the parts in reverse order."""
        asked = [part for part in reversed(self.parts) if _asked(part[1], context.parameters)]
        return self._go(context, cursor, asked, "rollback")

    def _go(self, context: StepContext, cursor: Cursor, parts: list[Any], way: str) -> Slice:
        results: dict[str, Any] = dict(cursor.get("results", {}))
        number = int(cursor.get("part", 0))
        inner: Cursor = cursor.get("cursor", {})
        progress = None
        while number < len(parts):
            name, _, part = parts[number]
            try:
                ended: Slice = getattr(part(), way)(context, inner)
            except WorkFailed as failure:  # the report also shows what the parts before found and did
                failure.result = {**results, name: failure.result}
                raise
            progress = ended.progress or progress
            if ended.state is SliceState.MORE:
                position = {"part": number, "name": name, "cursor": dict(ended.cursor), "results": results}
                return more(position, progress, wait_seconds=ended.wait_seconds)
            results[name] = dict(ended.result)
            number, inner = number + 1, {}
            if context.budget.spent and number < len(parts):
                return more({"part": number, "cursor": {}, "results": results}, progress)
        if not parts:
            context.log("warning", "the step's parameters ask for nothing")
            return done({"declared": "nothing"})
        return done(results, progress)


def _asked(names: tuple[str, ...], parameters: Mapping[str, Any]) -> bool:
    return any(parameters.get(name) for name in names)


_CHECKS = ("checks", ("checks",), BusinessCheck)
_SCRIPTS = ("scripts", ("sql_scripts",), SqlScripts)
_BACKUP = ("backup", ("backup",), Backup)
_PREPARED = ("preparation", ("config_files",), ConfigPreparation)
_CONFIG = ("configuration", ("config_files",), ConfigUpdate)
_SERVICES = ("services", ("services",), ServiceCheck)
_REBUILDS = ("rebuilds", ("rebuilds",), TableRebuild)
_RESOURCES = ("resources", ("resource_packages",), ResourceImport)
_CACHES = ("caches", ("caches",), CacheRebuild)
_INDEXES = ("indexes", ("indexes", "analyze"), IndexOptimisation)
_ASYNC = ("asynchronous", ("async_migrations",), AsynchronousMigration)
_LOGS = ("logs", ("log_cleanup",), LogCleanup)
_TUNING = ("tuning", ("tuning",), PerformanceTuning)
_RELEASE = ("release", ("temporary",), ResourceRelease)
_ROWS = ("migrations", ("migrations",), RowMigration)
_VERIFY = ("verification", ("verification_rules", "comparisons", "tables", "business_checks"), Verification)
_HEALTH = ("health", ("health_checks",), HealthChecks)
_SMOKE = ("smoke", ("smoke_tests",), SmokeTests)


class PreBusinessCheckStep(Composite):
    """Phase 1: data checks."""

    summary: ClassVar[str] = "Phase 1: `checks`"
    writes: ClassVar[bool] = False
    parts: ClassVar[Parts] = (_CHECKS,)


class PreUpgradeProcessStep(Composite):
    """Phase 2: preparation while the system runs; configuration files are not yet put in force."""

    summary: ClassVar[str] = "Phase 2: `services`, `health_checks`, `checks`, `backup`, `config_files`"
    parts: ClassVar[Parts] = (_SERVICES, _HEALTH, _CHECKS, _BACKUP, _PREPARED)


class StartupPreProcessStep(Composite):
    """Phase 3: the outage's work."""

    summary: ClassVar[str] = (
        "Phase 3: `backup`, `sql_scripts`, `rebuilds`, `migrations`, `config_files`, `verification_rules` ..."
    )
    parts: ClassVar[Parts] = (_BACKUP, _SCRIPTS, _REBUILDS, _ROWS, _CONFIG, _VERIFY)


class StartupPostProcessStep(Composite):
    """Phase 4: the started system's first needs."""

    summary: ClassVar[str] = (
        "Phase 4: `resource_packages`, `caches`, `indexes`, `health_checks`, `smoke_tests`, `verification_rules` ..."
    )
    parts: ClassVar[Parts] = (_RESOURCES, _CACHES, _INDEXES, _HEALTH, _SMOKE, _VERIFY)


class PostUpgradeProcessStep(Composite):
    """Phase 5: what goes on while the system works; options of its virtual machine are tuned by `config_files`."""

    summary: ClassVar[str] = (
        "Phase 5: `async_migrations`, `migrations`, `sql_scripts`, `log_cleanup`, `config_files`, `tuning` ..."
    )
    parts: ClassVar[Parts] = (_ASYNC, _ROWS, _SCRIPTS, _LOGS, _CONFIG, _TUNING, _RELEASE, _VERIFY)


class SiteSpecificStep(Composite):
    """A site's own work: whatever its parameters ask for."""

    summary: ClassVar[str] = "Whatever any of the five phases' steps can do"
    parts: ClassVar[Parts] = (
        _SERVICES,
        _CHECKS,
        _BACKUP,
        _SCRIPTS,
        _REBUILDS,
        _ROWS,
        _CONFIG,
        _RESOURCES,
        _CACHES,
        _INDEXES,
        _HEALTH,
        _SMOKE,
        _ASYNC,
        _LOGS,
        _TUNING,
        _RELEASE,
        _VERIFY,
    )
