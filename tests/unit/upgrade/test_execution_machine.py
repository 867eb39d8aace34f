"""Whatever operators, workers, time and the queue do, in whatever order: no lock is lost, nothing runs twice, and
nothing leaves an end (UPG-07 to UPG-10). The services run as they are, on a store in memory with the real one's rules.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from enghub.core.commits import Kept
from enghub.core.errors import EngHubError
from enghub.core.identity import Origin
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.executions.admission import Admission
from enghub.upgrade.executions.errors import ExecutionChanged, SiteBusy
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import LAUNCH, Execution, OnFailure, ResumeUpgrade, StartUpgrade, Status
from enghub.upgrade.executions.repository import ExecutionCommit, StepCommit
from enghub.upgrade.executions.service import Upgrades
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.executions.workflow import Workflow
from enghub.upgrade.manifests.model import Revision, parse
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.planning.plan import Source, make_plan
from enghub.upgrade.planning.service import Planned, Planner
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import QueueState, Slots
from enghub.upgrade.rehearsal.memory import MemoryExecutions
from enghub.upgrade.sites.model import Site
from enghub.upgrade.versions import Version
from tests.factories.upgrade import NOW, TENANT, baseline, step

SITES = ("EU", "US", "CN")
SLOTS = 2
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["up.sql"], rollback_scripts=["down.sql"])
MANIFEST = parse(baseline(upgrade_steps={"startup_pre_process": [MAIN]}))
UNDRIFTED = cast("Any", SimpleNamespace(accepted=lambda *_: None))
ENDED = (Status.SUCCEEDED, Status.ROLLED_BACK)


@dataclass
class World(MemoryExecutions):
    """Storage of everything, all or nothing, with optimistic versions."""

    locks: dict[str, SiteLock] = field(default_factory=dict)
    queued: QueueState = field(default_factory=lambda: QueueState(Kept(Slots(SLOTS), 0)))
    versions: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def everyone(self) -> list[Execution]:
        return list(self.find(TENANT, 1000, None)[0])

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        return self.locks.get(site_id, SiteLock(site_id))

    def extend_lock(self, tenant_id: str, lock: SiteLock) -> None:
        if self.lock(tenant_id, lock.site_id).token == lock.token:
            self.locks[lock.site_id] = lock

    def save(self, commit: ExecutionCommit) -> tuple[Kept[Execution], Kept[StepRecord] | None]:
        execution = commit.after
        known = {found.execution_id for found in self.everyone()}
        stored = self.kept(TENANT, execution.execution_id).revision if execution.execution_id in known else 0
        if stored != (0 if commit.before is None else commit.before.revision):
            raise ExecutionChanged(execution_id=execution.execution_id)
        kept, tickets = self.queued.kept, self.queued.tickets
        if commit.queue is not None:
            if commit.queue.seen.revision != kept.revision:
                raise QueueChanged
            kept = Kept(commit.queue.slots, kept.revision + 1)
            tickets = tuple(ticket for ticket in tickets if ticket.number != commit.queue.leaves)
            tickets += () if commit.queue.joins is None else (commit.queue.joins,)
        elif commit.gives_slot_back:
            kept = Kept(kept.value.without(execution.execution_id), kept.revision + 1)
        self.queued = QueueState(kept, tickets)
        if commit.lock is not None:
            self.locks[execution.site_id] = commit.lock
        if commit.site_version is not None:
            self.versions[execution.site_id] = commit.site_version
        if commit.command is not None and commit.command.queue == LAUNCH:
            self.commands.append((commit.command.payload["executionId"], commit.command.payload["run"]))
        return super().save(commit)

    def line(self, tenant_id: str) -> QueueState:
        return self.queued

    def plan(self, tenant_id: str, source: str, target: str, site_id: str, _environment: str) -> Planned:
        path = find_path(Version.parse(source), Version.parse(target), [MANIFEST])
        revision = Revision(TENANT, 1, {}, MANIFEST, "", {}, "ada", NOW)
        return Planned(make_plan(path, [Source(MANIFEST, 1)], site_id), self.site(site_id), {"2.16.5": revision})

    def site(self, site_id: str) -> Site:
        return Site(TENANT, site_id, site_id, Dialect.SQLITE, {}, (), "ada", NOW, self.versions.get(site_id))


class _Sites:
    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, tenant_id: str, site_id: str) -> Site:
        return self._world.site(site_id)


which = st.integers(0, 7)


class Upgrading(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.now = NOW
        planner, queue = cast("Planner", self.world), cast("Any", self.world)
        self.upgrades = Upgrades(self.world, planner, queue, cast("Any", None), UNDRIFTED)
        self.workflow = Workflow(self.world)
        self.admission = Admission(self.world, queue, cast("Any", _Sites(self.world)))
        self.ended: dict[str, Execution] = {}
        self.tokens: dict[str, int] = {}

    def origin(self) -> Origin:
        return Origin(TENANT, "F1", "ada", self.now, "request")

    def one(self, number: int) -> Execution | None:
        found = self.world.everyone()
        return found[number % len(found)] if found else None

    # --- operators ----------------------------------------------------------------------------------------------------

    @rule(
        site=st.sampled_from(SITES), policy=st.sampled_from(list(OnFailure)), busy=st.sampled_from(["refuse", "queue"])
    )
    def request(self, site: str, policy: OnFailure, busy: str) -> None:
        self.world.versions.pop(site, None)
        with suppress(SiteBusy):
            self.upgrades.execute(StartUpgrade("2.16.4", "2.16.5", site, "test", policy, busy), self.origin())

    @rule(number=which, what=st.sampled_from(["abort", "resume", "skip", "roll_back", "confirm"]))
    def control(self, number: int, what: str) -> None:
        found = self.one(number)
        if found is None:
            return
        with suppress(EngHubError):
            if what in ("resume", "skip"):
                asked = ResumeUpgrade("skip" if what == "skip" else None)
                self.upgrades.resume(found.execution_id, asked, self.origin())
            elif what == "confirm":
                self.upgrades.confirm(found.execution_id, None, self.origin())
            else:
                getattr(self.upgrades, what)(found.execution_id, self.origin())

    # --- workers: any command that was ever sent may be at work, again, late or twice ---------------------------------

    @rule(number=which, what=st.sampled_from(["step", "step", "step", "fail", "end", "go on", "gate"]))
    def work(self, number: int, what: str) -> None:
        if not self.world.commands:
            return
        execution_id, run = self.world.commands[-1 - number % len(self.world.commands)]
        found = self.world.get(TENANT, execution_id)
        at_work = found.run == run and found.status.is_live
        if at_work:
            held = self.world.lock(TENANT, found.site_id)
            if held.token == found.fencing_token:
                self.world.extend_lock(TENANT, replace(held, until=self.now + timedelta(minutes=3)))
        if what == "go on":
            with suppress(EngHubError):
                self.workflow.go_on(TENANT, execution_id, run, self.origin())
        elif what == "end":
            (self.workflow.finish_rollback if found.status is Status.ROLLING_BACK else self.workflow.succeed)(
                TENANT, execution_id, run, self.origin()
            )
        elif what == "fail" or found.abort_requested:
            with suppress(SiteBusy):
                self.workflow.stop(TENANT, execution_id, run, "broke", self.origin())
        elif at_work:
            self._step(found, gate=what == "gate")

    def _step(self, found: Execution, *, gate: bool) -> None:
        kept = self.world.kept(TENANT, found.execution_id)
        if found.status is Status.PENDING:
            kept = self.world.save(ExecutionCommit(self.origin(), found.begin(found.run, self.now), kept))[0]
        found = kept.value
        stage = 0 if found.rollback is None else found.rollback.run
        steps = self.world.kept_steps(TENANT, found.execution_id, stage)
        standing = next((step for step in steps if not step.value.status.is_finished), None)
        if standing is None:
            return
        if gate and found.status is Status.RUNNING:
            waiting = standing.value.await_confirmation()
            held = StepCommit(standing, waiting)
            self.world.save(ExecutionCommit(self.origin(), found.wait_for(waiting), kept, held))
            return
        done = standing.value.begin(found.run, self.now).succeed({}, None, 5, self.now)
        after = found.at_step(done).completed()
        self.world.save(ExecutionCommit(self.origin(), after, kept, StepCommit(standing, done)))

    # --- time and the queue -------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 10, 60 * 26]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def admit(self) -> None:
        assert not self.admission.admit(self.origin()).failed

    @rule()
    def sweep(self) -> None:
        live = [found.execution_id for found in self.world.everyone() if found.status.is_live]
        assert not self.admission.repair(self.origin(), live).failed

    # --- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def nothing_leaves_an_end(self) -> None:
        for execution_id, ended in self.ended.items():
            assert self.world.get(TENANT, execution_id) == ended
        self.ended |= {found.execution_id: found for found in self.world.everyone() if found.status in ENDED}

    @invariant()
    def no_execution_has_two_workflows(self) -> None:
        assert len(self.world.commands) == len(set(self.world.commands)), "each run is launched once"

    @invariant()
    def no_site_has_two_writers(self) -> None:
        for site in SITES:
            lock = self.world.lock(TENANT, site)
            writers = [
                found
                for found in self.world.everyone()
                if found.site_id == site and found.status.is_live and found.fencing_token == lock.token
            ]
            assert len(writers) <= 1
            assert all(writer.execution_id == lock.owner for writer in writers), "a writer owns the lock"
            assert lock.token >= self.tokens.get(site, 0), "tokens only grow"
            self.tokens[site] = lock.token

    @invariant()
    def no_lock_is_left_behind(self) -> None:
        for found in self.world.everyone():
            owns = self.world.lock(TENANT, found.site_id).owner == found.execution_id
            keeps = found.status is Status.ROLLBACK_FAILED or found.confirm_rollback_until is not None
            if not found.status.is_live and not keeps:
                assert not owns, f"{found.status} keeps its site"
            if found.status is Status.ROLLBACK_FAILED and self.now < (found.ended_at or NOW) + timedelta(days=300):
                assert owns, "a site between two versions stays locked"

    @invariant()
    def slots_and_tickets_belong_to_those_who_need_them(self) -> None:
        line = self.world.queued
        by_id = {found.execution_id: found for found in self.world.everyone()}
        assert len(line.slots.holders) <= SLOTS
        assert all(by_id[holder].status.is_live for holder in line.slots.holders)
        waiting = {found.execution_id for found in by_id.values() if found.status is Status.QUEUED}
        assert {ticket.execution_id for ticket in line.tickets} == waiting
        assert not waiting & line.slots.holders


Upgrading.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestExecutionMachine = Upgrading.TestCase
