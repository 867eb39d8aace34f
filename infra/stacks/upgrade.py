"""Upgrades of business systems: the context ``upgrade``."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.stacks.state import StateStack
from infra.stage import Stage

BASE = "/api/v1/upgrade"
WORKFLOW = "upgrade_site"
STORED = ("GetItem", "PutItem")
"""What one aggregate's change needs: reading it, its transaction, and the answer under an Idempotency-Key."""
SITE_SECRETS = "upgrade/site/*"


class UpgradeStack(ContextStack):
    """Manifests, sites, plans and executions; one workflow runs an execution through its five phases."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "upgrade", stage, state)
        self._manifests()
        self._sites()
        self._executions()
        self._workflow()
        self._queue_of_upgrades()

    def _manifests(self) -> None:
        manifests = f"{BASE}/manifests"
        change = self.function("change_manifest", timeout_seconds=20)
        self.table_access(change, *STORED)
        self.route("POST", manifests, change)
        for verb in ("validate", "{version}/activate", "{version}/deactivate"):
            self.route("POST", f"{manifests}/{verb}", change)

        read = self.function("read_manifests")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())  # PutItem: refusals are kept in the audit
        for path in (manifests, f"{manifests}/{{version}}", f"{manifests}/{{version}}/diff"):
            self.route("GET", path, read)

    def _sites(self) -> None:
        change = self.function("change_site")
        self.table_access(change, *STORED)
        self.route("PUT", f"{BASE}/sites/{{siteId}}", change)

        read = self.function("read_sites")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())
        for path in (f"{BASE}/sites", f"{BASE}/sites/{{siteId}}"):
            self.route("GET", path, read)

    def _executions(self) -> None:
        # Plans read every manifest in force, and the scripts whose statements they look through.
        plan = self.function("plan_upgrade", timeout_seconds=25, memory_mb=1024)
        self.table_access(plan, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
        self.route("POST", f"{BASE}/plan", plan)

        execute = self.function("execute_upgrade", timeout_seconds=25)
        self.table_access(execute, *STORED, "BatchGetItem", "Query", indexes=())
        self.route("POST", f"{BASE}/execute", execute)

        control = self.function("control_upgrade")
        self.table_access(control, *STORED, "Query", "UpdateItem", "DeleteItem", indexes=())
        for verb in ("resume", "abort", "confirm"):
            self.route("POST", f"{BASE}/{verb}/{{executionId}}", control)

        read = self.function("read_upgrades")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        self.route("GET", f"{BASE}/executions", read)
        for what in ("status", "report", "log"):
            self.route("GET", f"{BASE}/{what}/{{executionId}}", read)

    def _workflow(self) -> None:
        run_slice = self.function("run_slice", timeout_seconds=900, memory_mb=512)
        self.table_access(run_slice, *STORED, "UpdateItem", "Query", "BatchWriteItem", indexes=())
        self.secret_access(run_slice, SITE_SECRETS)

        tasks = {
            "RunSlice": run_slice,
            "AwaitConfirmation": self._task("await_confirmation"),
            "ContinueUpgrade": self._task("continue_upgrade"),
            "FinishUpgrade": self._task("finish_upgrade"),
        }
        machine = self.workflow(WORKFLOW, tasks=tasks)
        self.callback_access(tasks["AwaitConfirmation"], WORKFLOW)

        launch = self.function("launch_upgrade")
        self.start_access(launch, machine)
        self.work_queue("launch_upgrade", launch)

        answer = self.function("answer_gate")
        self.table_access(answer, "GetItem", indexes=())
        self.callback_access(answer, WORKFLOW)
        self.work_queue("answer_gate", answer)

    def _queue_of_upgrades(self) -> None:
        admit = self.function("admit_upgrades", timeout_seconds=30)
        self.table_access(admit, *STORED, "Query", "DeleteItem", indexes=())
        self.work_queue("admit_upgrades", admit)

        sweep = self.function("sweep_upgrades", timeout_seconds=60)
        self.table_access(sweep, *STORED, "Query", "UpdateItem", "DeleteItem", indexes=("gsi2",))
        self.schedule("sweep_upgrades", sweep, "rate(1 minute)")

    def _task(self, name: str) -> lambda_.Function:
        made = self.function(name, timeout_seconds=30)
        self.table_access(made, *STORED, "Query", "UpdateItem", indexes=())
        return made
