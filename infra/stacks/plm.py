"""PLM integration: the change webhook and its processing, product sync, their reads."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alarms import SYNC_FAILED, SYNC_LATE
from infra.constructs.context_stack import ContextStack
from infra.constructs.timers import add_timers
from infra.stacks.plm_brokers import add_brokers
from infra.stacks.state import StateStack
from infra.stage import Stage

SYNC = "sync_products"
STORED = ("GetItem", "PutItem", "UpdateItem")
"""What a step needs that changes its run, and says that it goes on."""
UPLOADS, DOCUMENTS = "plm/uploads/", "plm/documents/"
"""What people send, which expires by itself, and what counts."""
FILES = "plm/exchange"
DROPPED = "plm/exchange/"
READ_OF_FILES = "plm/exchange-work/"
"""Where files are dropped, and where what was read of them waits."""
NIGHTLY_OF = "default"
"""Names of the connections that are synced each night, separated by commas."""
NIGHTLY = "cron(30 1 * * ? *)"
"""Before the quality feedback of 02:00 (PLM-16) reads the products."""


class PlmStack(ContextStack):
    """Engineering changes (PLM-06 to PLM-08) and product sync (PLM-01, PLM-03, PLM-04)."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "plm", stage, state)
        self._changes()
        self._sync_requests()
        self._sync_workflow()
        self._products()
        self._boms()
        self._chain()
        self._ppaps()
        self._feedback()
        self._apqp()
        self._effects()
        self._documents()
        self._timers()
        self._files()
        add_brokers(self, READ_OF_FILES)

    def _changes(self) -> None:
        # Longer than the attempts of the SDK inside it, as long as the gateway waits.
        receive = self.function("receive_change_notification", memory_mb=1024, timeout_seconds=29)
        # GetItem: whether a change that is known still waits for its command.
        self.table_access(receive, "PutItem", "GetItem")
        self.secret_access(receive, "plm/webhook/*")

        process = self.function("process_change", timeout_seconds=30)
        self.table_access(process, *STORED)
        self.work_queue("process_change", process)

        retry = self.function("retry_change")
        self.table_access(retry, *STORED)

        read = self.function("read_changes")
        self.table_access(read, "GetItem", "Query", "PutItem")

    def _sync_requests(self) -> None:
        # Messages of a bridge are written in parts while the gateway waits.
        start = self.function("start_sync", memory_mb=1024, timeout_seconds=29)
        self.object_access(start, READ_OF_FILES, "PutObject")
        self.table_access(start, *STORED)
        self.secret_access(start, "plm/api/*")

        nightly = self.function("schedule_sync", timeout_seconds=60, environment={"PLM_CONNECTIONS": NIGHTLY_OF})
        self.table_access(nightly, "PutItem")
        self.secret_access(nightly, "plm/api/*")
        self.schedule("schedule_sync", nightly, NIGHTLY)

        read = self.function("read_syncs", timeout_seconds=20)
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())

    def _sync_workflow(self) -> None:
        self.workflow(
            SYNC,
            tasks={
                "PlanSync": self._step("plan_sync", "GetItem", "UpdateItem"),
                "ListBatches": self._plm_step("list_batches", *STORED, "Query", "DeleteItem"),
                "SyncBatch": self._plm_step("sync_batch", *STORED, "BatchGetItem", "Query", "DeleteItem"),
                "RecordFailedBatch": self._step("record_failed_batch", "GetItem", "PutItem"),
                "FinishSync": self._step("finish_sync", *STORED, "Query", "DeleteItem"),
                "ContinueSync": self._launcher("continue_sync"),
            },
        )
        self.work_queue("launch_sync", self._launcher("launch_sync"))

        # Images of up to 800 records at once, and all object ids of a run.
        rollback = self.function("rollback_sync", memory_mb=512, timeout_seconds=120)
        self.table_access(rollback, *STORED, "BatchGetItem", "Query", "DeleteItem", indexes=())
        self.work_queue("rollback_sync", rollback, batch_size=1)
        gone = self.function("mark_gone", memory_mb=512, timeout_seconds=120)
        self.table_access(gone, *STORED, "Query", indexes=("gsi2",))
        self.work_queue("mark_gone", gone, batch_size=1)

        sweep = self.function("sweep_syncs", timeout_seconds=60, environment={"PLM_CONNECTIONS": NIGHTLY_OF})
        self.table_access(sweep, *STORED, "Query", "DeleteItem", indexes=("gsi2",))
        self.secret_access(sweep, "plm/api/*")
        self.metric_alarm("failed", SYNC_FAILED, "plm.sync.failures")
        self.metric_alarm("late", SYNC_LATE, "plm.sync.age")
        self.schedule("sweep_syncs", sweep, "rate(5 minutes)")

    def _files(self) -> None:
        # A file of 100 MB, read from end to end.
        take = self.function("take_plm_file", memory_mb=512, timeout_seconds=300)
        self.table_access(take, "GetItem", "PutItem", "Query", indexes=())
        self.secret_access(take, "plm/api/*")
        self.listing_access(take, FILES)
        self.object_access(take, FILES, "GetObject", "GetObjectVersion", "PutObject")
        queue = self.work_queue("take_plm_file", take, batch_size=1)
        self.objects_to(queue, "take_plm_file", DROPPED)

    def _step(self, name: str, *actions: str) -> lambda_.Function:
        step = self.function(name, timeout_seconds=60)
        self.table_access(step, *actions, indexes=())
        return step

    def _plm_step(self, name: str, *actions: str) -> lambda_.Function:
        step = self.function(name, memory_mb=512, timeout_seconds=300)
        self.table_access(step, *actions, indexes=())
        self.secret_access(step, "plm/api/*")
        self.object_access(step, READ_OF_FILES, "GetObject")
        return step

    def _launcher(self, name: str) -> lambda_.Function:
        launcher = self.function(name, timeout_seconds=30)
        self.table_access(launcher, "GetItem")
        self.start_access(launcher, SYNC)
        return launcher

    def _products(self) -> None:
        read = self.function("read_products")
        self.table_access(read, "Query", "PutItem")

    def _boms(self) -> None:
        # A structure of 10,000 lines is read and worked through in one call.
        read = self.function("read_boms", memory_mb=1769, timeout_seconds=29)
        self.table_access(read, "GetItem", "BatchGetItem", "PutItem", indexes=())
        change = self.function("change_boms", memory_mb=1024, timeout_seconds=29)
        self.table_access(change, *STORED, "BatchGetItem", indexes=())
        # Mapping rules are tried on the last 1,000 records, twice each.
        read_setup = self.function("read_plm_setup", memory_mb=1024, timeout_seconds=29)
        self.table_access(read_setup, "GetItem", "Query", "PutItem", indexes=())
        change_setup = self.function("change_plm_setup", memory_mb=1024, timeout_seconds=29)
        self.table_access(change_setup, *STORED, "Query", indexes=())

    def _chain(self) -> None:
        project = self.function("project_floor", timeout_seconds=30)
        # DeleteItem: a place of stock that is empty.
        self.table_access(project, "GetItem", "PutItem", "DeleteItem", indexes=())
        self.subscribe("project_floor", project)
        # Where-used and explosion of up to fifty products, and their orders.
        read = self.function("read_impacts", memory_mb=1769, timeout_seconds=29)
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem")

    def _ppaps(self) -> None:
        read = self.function("read_ppaps")
        # BatchGetItem: the documents of its elements.
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi1",))
        public = {"PUBLIC_URL": self.stage.public_url}
        change = self.function("change_ppaps", timeout_seconds=29, environment=public)
        self.table_access(change, *STORED, indexes=())
        self.secret_access(change, "plm/api/*")
        push = self.function("push_ppap_approval", timeout_seconds=30)
        self.table_access(push, *STORED, indexes=())
        self.secret_access(push, "plm/api/*")
        self.work_queue("push_ppap_approval", push, batch_size=1)
        sweep = self.function("sweep_ppap_pushes", timeout_seconds=60)
        self.table_access(sweep, *STORED, "Query", indexes=("gsi2",))
        self.secret_access(sweep, "plm/api/*")
        self.schedule("sweep_ppap_pushes", sweep, "rate(1 minute)")
        reopen = self.function("reopen_ppaps", timeout_seconds=30)
        self.table_access(reopen, *STORED, "Query", indexes=("gsi1",))
        self.subscribe("reopen_ppaps", reopen)

    def _feedback(self) -> None:
        count = self.function("count_quality_issues", timeout_seconds=30)
        self.table_access(count, *STORED, indexes=())
        self.subscribe("count_quality_issues", count)
        change = self.function("change_feedback")
        self.table_access(change, *STORED, indexes=())
        # The structure of a product is read where changes may touch it.
        read = self.function("read_feedback", memory_mb=1024, timeout_seconds=29)
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem")
        run = self.function("run_feedback", memory_mb=1769, timeout_seconds=300)
        self.table_access(run, *STORED, "BatchGetItem", "Query")
        self.work_queue("run_feedback", run, batch_size=1)
        push = self.function("push_feedback", timeout_seconds=120)
        self.table_access(push, *STORED, indexes=())
        self.secret_access(push, "plm/api/*")
        self.work_queue("push_feedback", push, batch_size=1)

    def _apqp(self) -> None:
        read = self.function("read_apqp")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        # Query: the project's PPAP.
        change = self.function("change_apqp", timeout_seconds=29)
        self.table_access(change, *STORED, "Query", indexes=("gsi1",))
        self.secret_access(change, "plm/api/*")
        push = self.function("push_apqp_gate", timeout_seconds=30)
        self.table_access(push, *STORED, indexes=())
        self.secret_access(push, "plm/api/*")
        self.work_queue("push_apqp_gate", push, batch_size=1)

    def _effects(self) -> None:
        # What a change hits is computed as in its impact.
        read = self.function("read_effects", memory_mb=1024, timeout_seconds=29)
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem")
        change = self.function("change_effects", memory_mb=1769, timeout_seconds=29)
        self.table_access(change, *STORED, "BatchGetItem", "Query")

    def _documents(self) -> None:
        read = self.function("read_documents")
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=("gsi1",))
        # What a function signs, its role must be allowed to do.
        self.object_access(read, DOCUMENTS, "GetObject")
        # A file of 100 MiB is read, hashed, unpacked and written while the gateway waits.
        change = self.function("change_documents", memory_mb=1769, timeout_seconds=29)
        # DeleteItem: entries of lists that a document leaves.
        self.table_access(change, *STORED, "DeleteItem", indexes=())
        suppliers = self.function("serve_suppliers", memory_mb=1769, timeout_seconds=29)
        self.table_access(suppliers, *STORED, indexes=())
        tags = ("GetObjectVersionTagging",) if self.stage.malware_scan else ()
        for takes in (change, suppliers):
            takes.add_environment("MALWARE_SCAN", str(self.stage.malware_scan).lower())
            self.object_access(takes, UPLOADS, "GetObject", "PutObject", *tags)
            self.object_access(takes, DOCUMENTS, "PutObject")

    def _timers(self) -> None:
        wake = self.function("wake_timers", timeout_seconds=30)
        self.table_access(wake, "PutItem", indexes=())
        add_timers(self, wake)
