"""The ways of rehearsals in DynamoDB: steps and logs beside those of executions, the rest out of everyone's reach."""

from collections.abc import Sequence

from enghub.core import clock
from enghub.core.commits import Commit, Kept
from enghub.core.transactions import PutItem
from enghub.upgrade.executions.dynamo import DynamoExecutions, step_write
from enghub.upgrade.executions.errors import ExecutionNotFound
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import ExecutionCommit
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.rehearsal.dynamo import RUNS, run_key
from enghub.upgrade.rehearsal.model import KEPT


class RehearsedExecutions(DynamoExecutions):
    """The records of a rehearsal's ways: steps and log as of any execution; no list, event, lock, slot or resume."""

    def kept(self, tenant_id: str, execution_id: str) -> Kept[Execution]:
        """One consistent read."""
        found = RUNS.read(run_key(tenant_id, execution_id))
        if found is None:
            raise ExecutionNotFound(execution_id=execution_id)
        return found

    def step_put(self, tenant_id: str, step: StepRecord, seen: int = 0) -> PutItem:
        """Return the write of a step that is forgotten with its rehearsal."""
        return step_write(tenant_id, step, seen, int((clock.system_clock() + KEPT).timestamp()))

    def create(self, steps: Sequence[StepRecord], commit: ExecutionCommit) -> None:
        """Steps first, then the run."""
        self.plan_steps(commit.origin.tenant_id, steps)
        self.save(commit)

    def save(self, commit: ExecutionCommit) -> tuple[Kept[Execution], Kept[StepRecord] | None]:
        """One transaction: the run and its step."""
        step, tenant_id = commit.step, commit.origin.tenant_id
        more = [] if step is None else [self.step_put(tenant_id, step.after, step.before.revision)]
        kept = RUNS.save(Commit(commit.origin, "", commit.after, commit.before), *more)
        return kept, None if step is None else Kept(step.after, step.before.revision + 1)

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """Return a free lock: the site is not touched, and the scratch database knows who has it."""
        del tenant_id
        return SiteLock(site_id)
