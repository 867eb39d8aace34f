"""What people do with rehearsals: start one, and look at it (UPG-09)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit
from enghub.core.identity import Origin
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.executions.repository import Executions
from enghub.upgrade.executions.rollback import DECLARED, declared_records
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.planning.plan import Plan, PlannedStep
from enghub.upgrade.planning.service import Planner
from enghub.upgrade.rehearsal.errors import NothingToRehearse, ScratchRefused
from enghub.upgrade.rehearsal.model import (
    Rehearsal,
    RehearsalDetail,
    RehearsalSteps,
    StartRehearsal,
    launch_command,
    rehearsed,
    times,
)
from enghub.upgrade.rehearsal.repository import RehearsalStore
from enghub.upgrade.sites.model import Site

ScriptsOf = Callable[[PlannedStep], Mapping[str, str]]


class Rehearsals:
    """The use cases."""

    def __init__(
        self, store: RehearsalStore, executions: Executions, planner: Planner, check_scratch: Callable[[Site], None]
    ) -> None:
        self._store = store
        self._executions = executions
        self._planner = planner
        self._check_scratch = check_scratch

    def start(self, asked: StartRehearsal, origin: Origin, claim: Claim | None = None) -> Rehearsal:
        """Accept a rehearsal; the outbox starts its workflow.

        Raises:
            NotAVersion, SiteNotFound, UpgradeRefused, NothingToRehearse, ScratchRefused
        """
        planned = self._planner.plan(
            origin.tenant_id, asked.source_version, asked.target_version, asked.site_id, asked.environment
        )
        planned.refuse_other_source(asked.source_version)
        try:
            self._check_scratch(planned.site)
        except WorkFailed as refused:
            raise ScratchRefused(field="siteId", en=refused.text.en, zh=refused.text.zh) from refused
        rehearsal, records = prepared(asked, planned.plan, planned.checksums, planned.scripts_of, origin)
        self._executions.plan_steps(origin.tenant_id, records)  # nothing refers to them yet
        commands = (launch_command(rehearsal),)
        return self._store.save(Commit(origin, "started", rehearsal, commands=commands, claim=claim)).value

    def look(self, tenant_id: str, rehearsal_id: str) -> RehearsalDetail:
        """Return a rehearsal with its steps.

        Raises:
            RehearsalNotFound: there is none.
        """
        found = self._store.get(tenant_id, rehearsal_id)
        if not found.is_running:
            return RehearsalDetail(found, found.steps)
        return RehearsalDetail(found, times(steps_of(self._executions, found), {}))


def prepared(
    asked: StartRehearsal, plan: Plan, manifests: Mapping[str, str], scripts_of: ScriptsOf, origin: Origin
) -> tuple[Rehearsal, list[StepRecord]]:
    """Return a rehearsal of a plan with its steps, and the manifests' rollback steps that it may need.

    Raises:
        NothingToRehearse: every step uses more than the database.
    """
    steps, left_out = _inside(plan.steps)
    if not steps:
        raise NothingToRehearse(source=asked.source_version, target=asked.target_version)
    back, left_out_back = _inside(plan.rollback)
    rehearsal = Rehearsal(
        tenant_id=origin.tenant_id,
        rehearsal_id=ids.new_id(origin.at),
        site_id=asked.site_id,
        environment=asked.environment,
        source_version=asked.source_version,
        target_version=asked.target_version,
        row_limit=asked.row_limit,
        checksums=dict(manifests),
        left_out=(*left_out, *left_out_back),
        created_by=origin.user_id,
        created_at=origin.at,
        factory_id=origin.factory_id,
    )
    records = [
        StepRecord(
            rehearsal.up_id,
            number,
            step.key,
            step.stage,
            step.version,
            step.definition,
            dict(scripts_of(step)),
            confirmed_by=origin.user_id,
            variables=dict(step.variables),
        )
        for number, step in enumerate(steps, 1)
    ]
    declared = declared_records(rehearsal.up_id, ((step, dict(scripts_of(step))) for step in back))
    return rehearsal, [*records, *declared]


def _inside(planned: Iterable[PlannedStep]) -> tuple[list[PlannedStep], list[str]]:
    """Return what of the steps a rehearsal runs, and the names of what it leaves out."""
    steps, left_out = [], []
    for step in planned:
        definition, outside = rehearsed(step.definition)
        if definition is None:
            left_out.append(step.key)
            continue
        steps.append(replace(step, definition=definition))
        left_out += [f"{step.key}: {name}" for name in outside]
    return steps, left_out


def steps_of(executions: Executions, rehearsal: Rehearsal) -> RehearsalSteps:
    """Return the steps of a rehearsal, as far as they are."""
    tenant_id = rehearsal.tenant_id
    return RehearsalSteps(
        executions.steps(tenant_id, rehearsal.up_id),
        executions.rollback_steps(tenant_id, rehearsal.up_id, 2),
        executions.steps(tenant_id, rehearsal.again_id),
        executions.rollback_steps(tenant_id, rehearsal.up_id, DECLARED),
    )
