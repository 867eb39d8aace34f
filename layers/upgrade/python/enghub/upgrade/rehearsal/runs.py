"""The ways of rehearsals in DynamoDB: steps and logs beside those of executions, the rest out of everyone's reach."""

from collections.abc import Sequence
from dataclasses import replace

from enghub.core import clock
from enghub.core.dynamo import key
from enghub.core.transactions import Put, Write, absent, transact
from enghub.upgrade.executions.dynamo import DynamoExecutions, step_write
from enghub.upgrade.executions.errors import ExecutionChanged, ExecutionNotFound
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import Change
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.rehearsal.dynamo import RunRecord
from enghub.upgrade.rehearsal.model import KEPT
from enghub.upgrade.stored import from_text, to_text


class RehearsedExecutions(DynamoExecutions):
    """The records of a rehearsal's ways: steps and log as of any execution; no list, event, lock, slot or resume."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """One consistent read."""
        record = RunRecord.read(_run_partition(tenant_id, execution_id), "RUN")
        if record is None:
            raise ExecutionNotFound(execution_id=execution_id)
        return replace(from_text(Execution, record.body), record_version=int(record.record_version))

    def step_put(self, tenant_id: str, step: StepRecord) -> Put:
        """Return the write of a step that is forgotten with its rehearsal."""
        return step_write(tenant_id, step, int((clock.system_clock() + KEPT).timestamp()))

    def create(self, steps: Sequence[StepRecord], change: Change) -> None:
        """Steps first, then the run."""
        self.plan_steps(change.origin.tenant_id, steps)
        self.save(change)

    def save(self, change: Change) -> tuple[Execution, StepRecord | None]:
        """One transaction: the run and its step."""
        seen = change.execution.record_version
        execution = replace(change.execution, record_version=seen + 1)
        tenant_id = change.origin.tenant_id
        record = RunRecord(
            pk=_run_partition(tenant_id, execution.execution_id),
            sk="RUN",
            body=to_text(execution),
            record_version=seen + 1,
            expires_at=int((execution.created_at + KEPT).timestamp()),
        )
        condition = absent() if seen == 0 else RunRecord.record_version == seen
        writes: list[Write] = [Put(record, condition, lambda _: ExecutionChanged(execution_id=execution.execution_id))]
        if change.step is None:
            transact(*writes)
            return execution, None
        transact(*writes, self.step_put(tenant_id, change.step))
        return execution, replace(change.step, record_version=change.step.record_version + 1)

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """Return a free lock: the site is not touched, and the scratch database knows who has it."""
        del tenant_id
        return SiteLock(site_id)


def _run_partition(tenant_id: str, execution_id: str) -> str:
    return key("T", tenant_id, "REHEARSAL-RUN", execution_id)
