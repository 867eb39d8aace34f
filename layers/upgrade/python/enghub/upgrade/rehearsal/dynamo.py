"""Rehearsals in DynamoDB: one item each, and one for the last of every upgrade."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.transactions import Write
from enghub.kit.runs import dynamo as leases
from enghub.kit.runs.leases import Lease
from enghub.upgrade.executions.dynamo import WHOLE
from enghub.upgrade.executions.errors import ExecutionChanged
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.rehearsal.errors import RehearsalChanged, RehearsalNotFound
from enghub.upgrade.rehearsal.model import KEPT, LEASED, Rehearsal

REHEARSAL_SK = "REHEARSAL"


def _partition(tenant_id: str, rehearsal_id: str) -> str:
    return key("T", tenant_id, "REHEARSAL", rehearsal_id)


def run_key(tenant_id: str, execution_id: str) -> Key:
    """Return where a way of a rehearsal is kept."""
    return key("T", tenant_id, "REHEARSAL-RUN", execution_id), "RUN"


def _last_key(tenant_id: str, site_id: str, source_version: str, target_version: str) -> Key:
    return key("T", tenant_id, "SITE", site_id), key("REHEARSED", source_version, target_version)


def _shown(rehearsal: Rehearsal) -> Mapping[str, Any]:
    return {
        "site": rehearsal.site_id,
        "source": rehearsal.source_version,
        "target": rehearsal.target_version,
        "status": rehearsal.status,
        "part": rehearsal.part,
        "problem": None if rehearsal.problem is None else rehearsal.problem.en,
    }


REHEARSALS = Aggregate(
    Rehearsal,
    "REHEARSAL",
    key=lambda rehearsal: (_partition(rehearsal.tenant_id, rehearsal.rehearsal_id), REHEARSAL_SK),
    layout=Layout(body="body"),
    more=lambda one: {"status": one.status, "expires_at": int(one.expires_at.timestamp())},
    name="rehearsal",
    identity=lambda rehearsal: rehearsal.rehearsal_id,
    factory=lambda rehearsal: rehearsal.factory_id,
    shows=_shown,
    revision="record_version",
    exists=lambda rehearsal: RehearsalChanged(rehearsal_id=rehearsal.rehearsal_id),
    missing=lambda rehearsal: RehearsalChanged(rehearsal_id=rehearsal.rehearsal_id),
    outdated=lambda rehearsal, *_: RehearsalChanged(rehearsal_id=rehearsal.rehearsal_id),
)
LAST = Items(
    Rehearsal,
    "REHEARSAL",
    key=lambda one: _last_key(one.tenant_id, one.site_id, one.source_version, one.target_version),
    layout=Layout(body="body"),
    more=lambda one: {"status": one.status},
)
RUNS = Aggregate(
    Execution,
    "REHEARSAL_RUN",  # a name that no use case of executions looks for
    key=lambda execution: run_key(execution.tenant_id, execution.execution_id),
    layout=WHOLE,
    more=lambda execution: {"expires_at": int((execution.created_at + KEPT).timestamp())},
    identity=lambda execution: execution.execution_id,
    revision="record_version",
    exists=lambda execution: ExecutionChanged(execution_id=execution.execution_id),
    missing=lambda execution: ExecutionChanged(execution_id=execution.execution_id),
    outdated=lambda execution, *_: ExecutionChanged(execution_id=execution.execution_id),
)


class DynamoRehearsals:
    """The store of rehearsals."""

    def get(self, tenant_id: str, rehearsal_id: str) -> Rehearsal:
        """One consistent read."""
        return self.kept(tenant_id, rehearsal_id).value

    def kept(self, tenant_id: str, rehearsal_id: str) -> Kept[Rehearsal]:
        """One consistent read."""
        found = REHEARSALS.read((_partition(tenant_id, rehearsal_id), REHEARSAL_SK))
        if found is None:
            raise RehearsalNotFound(rehearsal_id=rehearsal_id)
        return found

    def save(self, commit: Commit[Rehearsal]) -> Kept[Rehearsal]:
        """One transaction: rehearsal, audit, launch, stored answer, and the last one of its upgrade."""
        after = commit.after
        is_last = not after.is_running and after.tells_times
        return REHEARSALS.save(commit, *([LAST.put(after)] if is_last else []), *_lease_writes(commit))

    def last(self, tenant_id: str, site_id: str, source_version: str, target_version: str) -> Rehearsal | None:
        """One consistent read."""
        return LAST.get(_last_key(tenant_id, site_id, source_version, target_version))

    def alive(self, lease: Lease) -> None:
        """See RehearsalStore."""
        leases.extend(lease)

    def lost(self, now: datetime) -> Iterator[Lease]:
        """See RehearsalStore."""
        return leases.lost(LEASED, now)

    def forget(self, lease: Lease) -> None:
        """See RehearsalStore."""
        leases.forget(lease)


def _lease_writes(commit: Commit[Rehearsal]) -> list[Write]:
    """Return what takes the lease of a new workflow, or gives back the last one's."""
    before, after = commit.before, commit.after
    if not after.is_running:
        return [leases.released(LEASED, after.tenant_id, after.rehearsal_id)]
    is_new = before is None or before.value.run != after.run
    return [leases.held(after.lease(commit.origin.at))] if is_new else []
