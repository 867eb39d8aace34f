"""Runs SQL scripts in order, each statement journalled in the target database (UPG-16)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import SplitError, split
from enghub.kit.sql.tokens import PLAIN, Modes
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

if TYPE_CHECKING:
    from enghub.upgrade.gateways.databases.script_results import ScriptResult

MISSING = Text("The manifest's bundle has no script {script}", "升级配置包中没有脚本 {script}")
UNREADABLE = Text("{script} cannot be split: {reason}", "脚本 {script} 无法解析：{reason}")
NO_ROLLBACK = Text("The step declares no rollback_scripts", "该步骤未声明 rollback_scripts")
_WAIT_SECONDS = 10
NO_SQL = Text("{path} is no SQL script, and no other kind is run", "{path} 不是 SQL 脚本，不运行其他类型的脚本")
TRANSACTION = Text('must be "script" or "statement"', '须为 "script" 或 "statement"')


class SqlScripts(BaseStep):
    """Scripts of the manifest's bundle, in the order given; `rollback_scripts` undo them in the order given."""

    takes: ClassVar[Takes] = frozenset({"sql_scripts", "rollback_scripts", "transaction"})
    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "SQL scripts with a statement journal; parameters `sql_scripts`, `rollback_scripts`, `transaction`"
    )

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = []
        for name in ("sql_scripts", "rollback_scripts"):
            value = parameters.get(name, [])
            if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
                found.append(Problem(name, read.PATHS))
                continue
            found += [Problem(name, NO_SQL.filled(path=path)) for path in value if _is_other(path)]
        if parameters.get("transaction", "script") not in ("script", "statement"):
            found.append(Problem("transaction", TRANSACTION))
        return tuple(found)

    def why_irreversible(self, parameters: Mapping[str, Any], copies: frozenset[str]) -> Text | None:
        """See `BaseStep.why_irreversible`."""
        return None if read.texts(parameters, "rollback_scripts") else NO_ROLLBACK

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run what the journal does not show as done; from now on a rollback has to run its scripts again."""
        _open_rollback(context)
        return _run(context, cursor, read.texts(context.parameters, "sql_scripts"), context.facts.scope)

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run the rollback scripts, then mark the scripts as not run.

        With as many rollback scripts as scripts, the last undoes the first: those of scripts that never began are left
        out.
        """
        paths = read.texts(context.parameters, "rollback_scripts")
        scripts = read.texts(context.parameters, "sql_scripts")
        begun = _begun(context, scripts)
        if scripts and not any(begun):
            return done({"rollback": "nothing to undo"})
        if not paths:
            raise WorkFailed(NO_ROLLBACK)
        if len(paths) == len(scripts):
            paths = tuple(path for path, ran in zip(paths, reversed(begun), strict=True) if ran)
        from enghub.upgrade.gateways.databases.journal import ROLLBACK_SCOPE  # noqa: PLC0415

        scope = context.facts.scope + ROLLBACK_SCOPE
        ended = _run(context, cursor, paths, scope)
        if ended.state == "done":
            _forget(context)
        return ended


def _is_other(path: str) -> bool:
    return path.lower().endswith((".sh", ".bash", ".bat", ".cmd", ".ps1", ".py"))


def _begun(context: StepContext, scripts: Sequence[str]) -> list[bool]:
    """Tell for each script whether the journal knows a statement of it that has, or may have, taken effect."""
    from enghub.upgrade.gateways.databases.journal import ScriptJournal, State  # noqa: PLC0415

    facts = context.facts
    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        known = [ScriptJournal(facts.scope, path, facts.execution_id).entries(connection) for path in scripts]
    nothing = (State.UNDONE, State.FAILED)
    return [any(entry.state not in nothing for entry in entries.values()) for entries in known]


def _run(context: StepContext, cursor: Cursor, paths: Sequence[str], scope: str) -> Slice:
    from enghub.kit.databases.state import modes_of  # noqa: PLC0415
    from enghub.upgrade.gateways.databases.scripts import Script, ScriptRunner, ServerStillRunning  # noqa: PLC0415

    results: list[dict[str, Any]] = []
    whole = context.parameters.get("transaction", "script") == "script"
    logged = paths.index(cursor["script"]) if cursor.get("script") in paths else 0  # by slices before this one
    number = 0
    while number < len(
        paths
    ):  # a script that ran leaves its session behind: the next one gets its own, as from a client
        with context.databases.writer(context.budget) as session:
            modes = modes_of(session.connection, session.dialect)
            runner = ScriptRunner(
                session, scope, context.facts.execution_id, context.budget, whole, context.decision, context.point
            )
            while number < len(paths) and not runner.touched:
                path = paths[number]
                script = Script(path, statements_of(context, path, session.dialect, modes))
                try:
                    outcome = runner.run(script)
                except ServerStillRunning:
                    context.log("info", f"{path}: the server is still busy with a statement, waiting for it")
                    return more({"script": path}, Progress(number, len(paths), "scripts"), wait_seconds=_WAIT_SECONDS)
                if outcome.result is not None:
                    told = outcome.result
                    results.append(_shown(path, told))
                    if number >= logged:
                        context.log("info", f"{path}: {told.ran} run, {told.skipped} had run, {told.rows} rows")
                number += outcome.finished
                # a slice that only looked goes on to the next script
                if not outcome.finished or (outcome.worked and context.budget.spent and number < len(paths)):
                    return more({"script": paths[number]}, Progress(number, len(paths), "scripts"))
    return done({"scripts": results}, Progress(len(paths), len(paths), "scripts"))


def _shown(path: str, told: "ScriptResult") -> dict[str, Any]:
    return {
        "script": path,
        "statements": told.statements,
        "ran": told.ran,
        "skipped": told.skipped,
        "foundApplied": told.found_applied,
        "rows": told.rows,
        "transaction": told.transaction,
        "boundParts": told.bound_parts,
    }


def _open_rollback(context: StepContext) -> None:
    from enghub.upgrade.gateways.databases.journal import mark_version_undone  # noqa: PLC0415

    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        mark_version_undone(connection, context.facts.version, rollback=True)


def _forget(context: StepContext) -> None:
    """The scripts may run again. The rollback's own stay journalled, so that a repeat of it does nothing."""
    from enghub.upgrade.gateways.databases.journal import ScriptJournal  # noqa: PLC0415

    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        for path in read.texts(context.parameters, "sql_scripts"):
            ScriptJournal(context.facts.scope, path, context.facts.execution_id).mark_undone(connection)


def statements_of(context: StepContext, path: str, dialect: Dialect, modes: Modes = PLAIN) -> Any:
    """Return a script's statements, read as the site's sessions read them.

    Raises:
        WorkFailed: the bundle lacks it, or it cannot be split.
    """
    try:
        return split(context.script(path), dialect, modes)
    except KeyError as error:
        raise WorkFailed(MISSING, script=path) from error
    except SplitError as error:
        raise WorkFailed(UNREADABLE, script=path, reason=error.said) from error
