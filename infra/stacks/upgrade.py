"""Upgrades of business systems: the context ``upgrade``."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alarms import UPGRADE_FAILED, UPGRADE_LONG, UPGRADE_STUCK, UPGRADE_WAITING
from infra.constructs.context_stack import ContextStack
from infra.stacks.state import StateStack
from infra.stage import Stage

WORKFLOW = "upgrade_site"
WAY_BACK = "roll_back_upgrade"
FLEET = "roll_out_fleet"
REHEARSE = "rehearse_upgrade"
STORED = ("GetItem", "PutItem", "UpdateItem")
"""What one aggregate's change needs: reading it, its transaction, and the answer under an Idempotency-Key."""
SITE_SECRETS = "upgrade/site/*"
ARTIFACTS = "upgrade/artifacts/"
"""Backups, resource packages and archived logs, below the tenant."""
NOTICE_SECRETS = "upgrade/notices/*"


class UpgradeStack(ContextStack):
    """Manifests, sites, plans and executions; one workflow runs an execution through its five phases."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "upgrade", stage, state)
        self._slots = {"UPGRADE_SLOTS": str(stage.upgrade_slots)}
        self._manifests()
        self._sites()
        self._executions()
        self._workflow()
        self._notices()
        self._queue_of_upgrades()
        self._watch()
        self._health()
        self._artifacts()
        self._rollouts()
        self._rehearsals()

    def _manifests(self) -> None:
        change = self.function("change_manifest", timeout_seconds=20)
        self.table_access(change, *STORED)

        read = self.function("read_manifests")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())  # PutItem: refusals are kept in the audit

    def _sites(self) -> None:
        change = self.function("change_site")
        self.table_access(change, *STORED)

        check = self.function("check_site", timeout_seconds=25)
        self.table_access(check, "GetItem", "PutItem", indexes=())
        self.secret_access(check, SITE_SECRETS)

        read = self.function("read_sites")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())

    def _executions(self) -> None:
        # Plans read every manifest in force, and the scripts whose statements they look through.
        plan = self.function("plan_upgrade", timeout_seconds=25, memory_mb=1024)
        self.table_access(plan, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi1",))
        self.secret_access(plan, SITE_SECRETS)  # the site is compared with what the last upgrade left

        execute = self.function("execute_upgrade", timeout_seconds=25, environment=self._slots)
        self.table_access(execute, "GetItem", "PutItem", "BatchGetItem", "Query", indexes=())
        self.secret_access(execute, SITE_SECRETS)

        control = self.function("control_upgrade", environment=self._slots)
        self.table_access(control, *STORED, "Query", "DeleteItem", "BatchGetItem", indexes=())

        read = self.function("read_upgrades", environment=self._slots)
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))

        report = self.function("read_report")
        self.table_access(report, "GetItem", "Query", "PutItem", indexes=())

    def _workflow(self) -> None:
        run_slice = self.function("run_slice", timeout_seconds=900, memory_mb=512)
        self.table_access(run_slice, *STORED, "Query", "BatchWriteItem", indexes=())
        self.secret_access(run_slice, SITE_SECRETS)
        self.object_access(run_slice, ARTIFACTS, "GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload")
        self.listing_access(run_slice, ARTIFACTS)

        tasks = {
            "RunSlice": run_slice,
            "AwaitConfirmation": self._task("await_confirmation"),
            "ContinueUpgrade": self._task("continue_upgrade"),
            "FinishUpgrade": self._task("finish_upgrade"),
        }
        machine = self.workflow(WORKFLOW, tasks=tasks)
        self.callback_access(tasks["AwaitConfirmation"], WORKFLOW)
        back = self.workflow(
            WAY_BACK, tasks={name: task for name, task in tasks.items() if name != "AwaitConfirmation"}
        )

        launch = self.function("launch_upgrade")
        self.start_access(launch, machine)
        self.start_access(launch, back)
        self.work_queue("launch_upgrade", launch)

        answer = self.function("answer_gate")
        self.table_access(answer, "GetItem", indexes=())
        self.callback_access(answer, WORKFLOW)
        self.work_queue("answer_gate", answer)

    def _notices(self) -> None:
        notify = self.function("notify_upgrade", timeout_seconds=30, environment={"PUBLIC_URL": self.stage.public_url})
        self.table_access(notify, "GetItem", "BatchGetItem", "PutItem", "BatchWriteItem", indexes=())
        for status in ("FAILED", "ROLLBACK_FAILED"):  # source document, 7.2: any failure within five minutes
            self.metric_alarm(status.lower(), UPGRADE_FAILED, "upgrade.executions.total", status=status)
        for status in ("SUCCEEDED", "FAILED"):
            self.metric_alarm(f"long_{status.lower()}", UPGRADE_LONG, "upgrade.execution.duration", status=status)
        self.subscribe("notify_upgrade", notify, batch_size=5)

    def _queue_of_upgrades(self) -> None:
        admit = self.function("admit_upgrades", timeout_seconds=30, environment=self._slots)
        self.table_access(admit, *STORED, "Query", "DeleteItem", indexes=())
        self.work_queue("admit_upgrades", admit)

        sweep = self.function("sweep_upgrades", timeout_seconds=60, environment=self._slots)
        self.table_access(sweep, *STORED, "Query", "DeleteItem", indexes=("gsi2",))
        self.schedule("sweep_upgrades", sweep, "rate(1 minute)")

        change = self.function("change_queue", environment=self._slots)
        self.table_access(change, "GetItem", "PutItem", "Query", indexes=())

        read = self.function("read_queue", environment=self._slots)
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())

    def _artifacts(self) -> None:
        put = self.function("put_artifact")
        self.table_access(put, *STORED)
        self.object_access(put, ARTIFACTS, "PutObject")  # what the function signs, its role must be allowed to do

    def _watch(self) -> None:
        watch = self.function("watch_upgrades", timeout_seconds=30, environment=self._slots)
        self.table_access(watch, "GetItem", "Query", indexes=("gsi2",))
        self.schedule("watch_upgrades", watch, "rate(1 minute)")
        self.metric_alarm("long_running", UPGRADE_LONG, "upgrade.active.longest")
        self.metric_alarm("stuck", UPGRADE_STUCK, "upgrade.queue.stuck")
        self.metric_alarm("waiting", UPGRADE_WAITING, "upgrade.queue.longest")

    def _health(self) -> None:
        health = self.function("read_health", environment={"BUCKET_NAME": self.state.bucket_name})
        self.table_access(health, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
        self.describe_access(health, WORKFLOW)
        self.secret_access(health, NOTICE_SECRETS, action="DescribeSecret")
        self.listing_access(health, ARTIFACTS)

    def _rollouts(self) -> None:
        change = self.function("change_rollout", timeout_seconds=25)
        self.table_access(change, *STORED, "Query", indexes=())

        read = self.function("read_rollouts")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))

        # Starts as many upgrades as a wave has sites, each planned from every manifest in force.
        advance = self.function("advance_rollout", timeout_seconds=120, memory_mb=1024, environment=self._slots)
        self.table_access(advance, *STORED, "BatchGetItem", "Query", "DeleteItem", indexes=())
        self.secret_access(advance, SITE_SECRETS)
        machine = self.workflow(FLEET, tasks={"AdvanceRollout": advance})

        sweep = self.function("sweep_rollouts", timeout_seconds=60)
        self.table_access(sweep, *STORED, "Query", indexes=("gsi2",))
        self.schedule("sweep_rollouts", sweep, "rate(5 minutes)")

        launch = self.function("launch_rollout")
        self.start_access(launch, machine)
        self.work_queue("launch_rollout", launch)

    def _rehearsals(self) -> None:
        # Plans as execute_upgrade does, and reads the site's secret to refuse a wrong scratch database at once.
        start = self.function("start_rehearsal", timeout_seconds=25)
        self.table_access(start, "GetItem", "PutItem", "BatchGetItem", "Query", indexes=())
        self.secret_access(start, SITE_SECRETS)

        read = self.function("read_rehearsals")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())

        advance = self.function("advance_rehearsal", timeout_seconds=900, memory_mb=1024)
        self.table_access(advance, *STORED, "DeleteItem", "Query", "BatchWriteItem", indexes=())
        self.secret_access(advance, SITE_SECRETS)
        self.object_access(advance, ARTIFACTS, "GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload")
        self.listing_access(advance, ARTIFACTS)
        machine = self.workflow(REHEARSE, tasks={"AdvanceRehearsal": advance})

        sweep = self.function("sweep_rehearsals", timeout_seconds=60)
        self.table_access(sweep, *STORED, "DeleteItem", "Query", indexes=("gsi2",))
        self.schedule("sweep_rehearsals", sweep, "rate(5 minutes)")

        launch = self.function("launch_rehearsal")
        self.start_access(launch, machine)
        self.work_queue("launch_rehearsal", launch)

    def _task(self, name: str) -> lambda_.Function:
        made = self.function(name, timeout_seconds=30)
        self.table_access(made, *STORED, "Query", indexes=())
        return made
