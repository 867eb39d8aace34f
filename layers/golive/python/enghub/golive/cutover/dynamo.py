"""Plans and runs of cut-overs in DynamoDB.

pk T#<tenant>#CUTOVER-PLAN#<go-live>  sk PLAN, ACTIVE (the run that goes on)
pk T#<tenant>#CUTOVER#<run>           sk RUN, PLAN (frozen), TOKEN (of the execution that waits)
gsi1 T#<tenant>#CUTOVERS#<go-live> / <run>
"""

from dataclasses import dataclass
from datetime import timedelta

from enghub.core.aggregates import Aggregate, Items
from enghub.core.clock import Clock, system_clock
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import each, key, query
from enghub.core.transactions import Delete, absent, transact
from enghub.golive.cutover.errors import PlanNotFound, RunGoesOn, RunNotFound
from enghub.golive.cutover.model import Run
from enghub.golive.cutover.plans import CutoverPlan
from enghub.golive.cutover.repository import Found, RunPage
from enghub.kit.runs import dynamo as leases
from enghub.kit.runs.leases import Lease, Term

KIND = "cutover"
TERM = Term(timedelta(minutes=4), timedelta(minutes=3))
"""An execution looks at its run every minute."""


def _plan_key(tenant_id: str, go_live_id: str, what: str = "PLAN") -> Key:
    return key("T", tenant_id, "CUTOVER-PLAN", go_live_id), what


def _run_key(tenant_id: str, run_id: str, what: str = "RUN") -> Key:
    return key("T", tenant_id, "CUTOVER", run_id), what


def _list(tenant_id: str, go_live_id: str) -> str:
    return key("T", tenant_id, "CUTOVERS", go_live_id)


@dataclass(frozen=True, slots=True)
class Active:
    """The run of a go-live that goes on."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Token:
    """How to wake whoever waits."""

    token: str


PLANS = Aggregate(
    CutoverPlan,
    "CUTOVER_PLAN",
    key=lambda plan: _plan_key(plan.tenant_id, plan.go_live_id),
    layout=Layout(body="body"),
    name="cutover_plan",
    identity=lambda plan: plan.go_live_id,
    shows=("begins_at", "deciders", "no_return", "old_system_days", "approval_minutes", "tasks"),
    missing=lambda plan: PlanNotFound(go_live_id=plan.go_live_id),
)
FROZEN = Items(CutoverPlan, "CUTOVER_FROZEN_PLAN", layout=Layout(body="body"))
ACTIVE = Items(Active, "CUTOVER_ACTIVE")
TOKENS = Items(Token, "CUTOVER_TOKEN")


def _shown(run: Run) -> dict[str, object]:
    """Return what the audit shows: where the run stands, and where each task does."""
    tasks = {name: f"{one.state} {one.attempt} {one.by}".strip() for name, one in (run.tasks or {}).items()}
    back = {f"back/{name}": f"{one.state} {one.attempt} {one.by}".strip() for name, one in (run.back or {}).items()}
    return {"state": run.state, "reason": run.reason, "turn": run.turn, "rehearsal": run.rehearsal, **tasks, **back}


RUNS = Aggregate(
    Run,
    "CUTOVER_RUN",
    key=lambda run: _run_key(run.tenant_id, run.run_id),
    more=lambda run: {"gsi1pk": _list(run.tenant_id, run.go_live_id), "gsi1sk": run.run_id},
    name="cutover_run",
    identity=lambda run: run.run_id,
    shows=_shown,
    missing=lambda run: RunNotFound(run_id=run.run_id),
)


def lease_of(run: Run, clock: Clock) -> Lease:
    """Return the lease of a run's present turn."""
    return Lease(KIND, run.tenant_id, run.run_id, run.turn, TERM.until(clock()))


class DynamoCutovers:
    """The store of plans and runs."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock

    def plan(self, tenant_id: str, go_live_id: str) -> Kept[CutoverPlan] | None:
        """One consistent GetItem."""
        return PLANS.read(_plan_key(tenant_id, go_live_id))

    def save_plan(self, commit: Commit[CutoverPlan]) -> Kept[CutoverPlan]:
        """One transaction."""
        return PLANS.save(commit)

    def active(self, tenant_id: str, go_live_id: str) -> str | None:
        """One consistent GetItem."""
        found = ACTIVE.get(_plan_key(tenant_id, go_live_id, "ACTIVE"))
        return None if found is None else found.run_id

    def start(self, commit: Commit[Run], plan: CutoverPlan) -> Kept[Run]:
        """One transaction: the run, its plan, its lease, its place as the one that goes on."""
        run = commit.after
        at = _plan_key(run.tenant_id, run.go_live_id, "ACTIVE")
        return RUNS.save(
            commit,
            FROZEN.put(plan, at=_run_key(run.tenant_id, run.run_id, "PLAN")),
            ACTIVE.put(Active(run.run_id), absent(), lambda: RunGoesOn(run_id="-"), at=at),
            leases.held(lease_of(run, self._clock)),
        )

    def run(self, tenant_id: str, run_id: str) -> Found | None:
        """One Query."""
        run: Kept[Run] | None = None
        plan: CutoverPlan | None = None
        for item in each(_run_key(tenant_id, run_id)[0]):
            match item["entity"]["S"]:
                case RUNS.entity:
                    run = RUNS.kept(item)
                case FROZEN.entity:
                    plan = FROZEN.value(item)
        return None if run is None or plan is None else Found(run, plan)

    def save(self, commit: Commit[Run]) -> Kept[Run]:
        """One transaction: the run, audit, events; a new turn its lease; an ended one gives back lease and place."""
        run, before = commit.after, commit.before.value if commit.before else None
        if run.is_over:
            gone = Delete(_plan_key(run.tenant_id, run.go_live_id, "ACTIVE"))
            return RUNS.save(commit, gone, leases.released(KIND, run.tenant_id, run.run_id))
        if before is not None and before.turn != run.turn:
            return RUNS.save(commit, leases.held(lease_of(run, self._clock)))
        return RUNS.save(commit)

    def runs(self, tenant_id: str, go_live_id: str, limit: int, cursor: str | None) -> RunPage:
        """One Query of the index."""
        found = query(_list(tenant_id, go_live_id), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return RunPage(tuple(map(RUNS.kept, found.items)), found.cursor)

    def extend(self, run: Run) -> None:
        """One write; none where the turn is over."""
        leases.extend(lease_of(run, self._clock))

    def keep_token(self, tenant_id: str, run_id: str, token: str) -> None:
        """One write."""
        transact(TOKENS.put(Token(token), at=_run_key(tenant_id, run_id, "TOKEN")))

    def token(self, tenant_id: str, run_id: str) -> str | None:
        """One consistent GetItem."""
        found = TOKENS.get(_run_key(tenant_id, run_id, "TOKEN"))
        return None if found is None else found.token
