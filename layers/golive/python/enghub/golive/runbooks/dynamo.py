"""Runbooks and runs of them in DynamoDB.

pk T#<tenant>#GOLIVE              sk RUNBOOK#<id> (the newest)
pk T#<tenant>#RUNBOOK#<id>        sk VERSION#<number>
pk T#<tenant>#RUNBOOK-RUN#<run>   sk RUN, RUNBOOK (frozen)
pk T#<tenant>#INCIDENT#<id>       sk RUNBOOK#<runbook> (the run that goes on)
gsi1 T#<tenant>#RUNBOOK-RUNS#<incident> / <run>
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout, RawItem
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import each, key, query
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.timers.dynamo import fired
from enghub.core.timers.model import DueTimer
from enghub.core.transactions import Delete, PutItem, absent, transact
from enghub.golive.directory.dynamo import partition
from enghub.golive.runbooks.errors import RunbookGoesOn, RunbookRunNotFound
from enghub.golive.runbooks.model import Run, Runbook, RunState
from enghub.golive.runbooks.repository import Found, RunPage

RUNBOOKS = Aggregate(
    Runbook,
    "RUNBOOK",
    key=lambda one: (partition(one.tenant_id), key("RUNBOOK", one.runbook_id)),
    layout=Layout(body="body"),
    name="runbook",
    identity=lambda one: one.runbook_id,
    shows=("en", "zh", "minutes", "recovery", "steps", "is_deleted"),
)
VERSIONS = Items(Runbook, "RUNBOOK_VERSION", layout=Layout(body="body"))


def _version_key(tenant_id: str, runbook_id: str, version: int) -> Key:
    return key("T", tenant_id, "RUNBOOK", runbook_id), key("VERSION", f"{version:06}")


class DynamoRunbooks(DynamoSetup[Runbook]):
    """The store of runbooks; every version stays."""

    def version(self, tenant_id: str, name: str, version: int) -> Runbook | None:
        """One consistent GetItem."""
        return VERSIONS.get(_version_key(tenant_id, name, version))

    def save(self, commit: Commit[Runbook]) -> Kept[Runbook]:
        """One transaction: the newest, its version, audit."""
        after, number = commit.after, commit.before.revision + 1 if commit.before else 1
        at = _version_key(after.tenant_id, after.runbook_id, number)
        return RUNBOOKS.save(commit, VERSIONS.put(after, absent(), at=at))


def runbooks() -> DynamoRunbooks:
    """Return the store of runbooks."""
    return DynamoRunbooks(RUNBOOKS, partition, "RUNBOOK")


@dataclass(frozen=True, slots=True)
class Active:
    """The run that goes on."""

    run_id: str


def _run_key(tenant_id: str, run_id: str, what: str = "RUN") -> Key:
    return key("T", tenant_id, "RUNBOOK-RUN", run_id), what


def _list(tenant_id: str, incident_id: str) -> str:
    return key("T", tenant_id, "RUNBOOK-RUNS", incident_id)


def _active_key(tenant_id: str, incident_id: str, runbook_id: str) -> Key:
    return key("T", tenant_id, "INCIDENT", incident_id), key("RUNBOOK", runbook_id)


def _shown(run: Run) -> dict[str, object]:
    steps = {name: f"{one.state} {one.attempt} {one.by}".strip() for name, one in run.steps.items()}
    return {"state": run.state, "version": run.version, "reason": run.reason, "proof": run.proof, **steps}


RUNS = Aggregate(
    Run,
    "RUNBOOK_RUN",
    key=lambda one: _run_key(one.tenant_id, one.run_id),
    more=lambda one: {"gsi1pk": _list(one.tenant_id, one.incident_id), "gsi1sk": one.run_id},
    name="runbook_run",
    identity=lambda one: one.run_id,
    shows=_shown,
    missing=lambda one: RunbookRunNotFound(run_id=one.run_id),
)
FROZEN = Items(Runbook, "RUNBOOK_FROZEN", layout=Layout(body="body"))
ACTIVE = Items(Active, "RUNBOOK_ACTIVE")


class DynamoRuns:
    """The store of runs."""

    def run(self, tenant_id: str, run_id: str) -> Found | None:
        """One Query."""
        run: Kept[Run] | None = None
        runbook: Runbook | None = None
        for item in each(_run_key(tenant_id, run_id)[0]):
            match item["entity"]["S"]:
                case RUNS.entity:
                    run = RUNS.kept(item)
                case FROZEN.entity:
                    runbook = FROZEN.value(item)
        return None if run is None or runbook is None else Found(run, runbook)

    def active(self, tenant_id: str, incident_id: str, runbook_id: str) -> str | None:
        """One consistent GetItem."""
        found = ACTIVE.get(_active_key(tenant_id, incident_id, runbook_id))
        return None if found is None else found.run_id

    def runs(self, tenant_id: str, incident_id: str, limit: int, cursor: str | None) -> RunPage:
        """One Query of the index."""
        found = query(_list(tenant_id, incident_id), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return RunPage(tuple(map(RUNS.kept, found.items)), found.cursor)

    def begin(self, commit: Commit[Run], runbook: Runbook) -> tuple[Kept[Run], tuple[Any, ...]]:
        """The run, its runbook, its place as the one that goes on."""
        run = commit.after
        kept, writes = RUNS.writes(commit)
        place = _active_key(run.tenant_id, run.incident_id, run.runbook_id)
        goes_on = PutItem(ACTIVE.item(Active(run.run_id), place), absent(), _taken)
        frozen = FROZEN.put(runbook, at=_run_key(run.tenant_id, run.run_id, "RUNBOOK"))
        return kept, (*writes, frozen, goes_on)

    def change(self, commit: Commit[Run]) -> tuple[Kept[Run], tuple[Any, ...]]:
        """The run; one that is over gives back its place."""
        run = commit.after
        kept, writes = RUNS.writes(commit)
        was = commit.before.value.state if commit.before else run.state
        if run.state is RunState.RUNNING or was is not RunState.RUNNING:
            return kept, tuple(writes)
        return kept, (*writes, Delete(_active_key(run.tenant_id, run.incident_id, run.runbook_id)))

    def rest(self, due: DueTimer, now: datetime) -> None:
        """One transaction."""
        transact(fired(due, now))


def _taken(stored: RawItem | None) -> Exception:
    return RunbookGoesOn(run_id=stored["run_id"]["S"] if stored else "-")
