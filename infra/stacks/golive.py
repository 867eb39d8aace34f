"""Go-live and operations: the context ``golive``."""

from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.constructs.grants import allow
from infra.constructs.timers import add_timers
from infra.stacks.state import StateStack
from infra.stage import Stage

STORED = ("GetItem", "PutItem", "UpdateItem")
"""What one aggregate's change needs; PutItem also keeps refusals in the audit."""

CUTOVER = "run_cutover"
EVIDENCE = "golive/evidence/"
DATABASE_SECRETS = "golive/*"
"""How databases of tenants are reached, and credentials of what cut-overs call."""

TENANT_ROLES = "enghub-ramp*"
"""Roles in the tenants' accounts that move their traffic; each trusts this hub for its tenant alone."""


class GoliveStack(ContextStack):
    """People, calendars, on-call duty, and what wakes at a time."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "golive", stage, state)
        self._directory()
        self._readiness()
        self._cutover()
        self._ramps()
        self._verification()
        self._oncall()
        self._incidents()
        self._intake()
        self._runbooks()
        self._aftercare()
        self._drills()
        self._status()
        self._timers()

    def _directory(self) -> None:
        change = self.function("change_directory")
        # DeleteItem: the timer of a calendar that is taken away.
        self.table_access(change, *STORED, "DeleteItem", "Query", indexes=())
        read = self.function("read_directory")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())

    def _readiness(self) -> None:
        change = self.function("change_golive", timeout_seconds=20)
        # DeleteItem: the place of a release that is over among those that upgrades move.
        self.table_access(change, *STORED, "DeleteItem", "Query", indexes=())
        follow = self.function("follow_upgrades")
        self.table_access(follow, *STORED, "DeleteItem", "Query", indexes=())
        self.subscribe("follow_upgrades", follow)
        items = self.function("change_readiness", timeout_seconds=20)
        self.table_access(items, *STORED, "Query", indexes=())
        # PutObject: what an upload is signed with.
        self.object_access(items, EVIDENCE, "GetObject", "PutObject")
        self.listing_access(items, EVIDENCE)
        # A probe may wait for an address and a database; the API waits for 29 seconds.
        probe = self.function("probe_readiness", timeout_seconds=29, memory_mb=1024)
        self.table_access(probe, *STORED, "Query", indexes=())
        self.secret_access(probe, DATABASE_SECRETS)
        read = self.function("read_golive", timeout_seconds=20)
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))

    def _cutover(self) -> None:
        advance = self.function("advance_cutover", timeout_seconds=30)
        # DeleteItem: the lease and the place of a run that ended.
        self.table_access(advance, *STORED, "DeleteItem", "Query", indexes=())
        perform = self.function("perform_task", timeout_seconds=900)
        self.table_access(perform, *STORED, "DeleteItem", "Query", indexes=())
        self.secret_access(perform, DATABASE_SECRETS)
        machine = self.workflow(CUTOVER, tasks={"AdvanceCutover": advance, "PerformTask": perform})
        self.callback_access(advance, CUTOVER)

        launch = self.function("launch_cutover")
        self.table_access(launch, "Query", indexes=())
        self.start_access(launch, machine)
        self.work_queue("launch_cutover", launch)

        sweep = self.function("sweep_cutovers", timeout_seconds=50)
        self.table_access(sweep, *STORED, "DeleteItem", "Query", indexes=("gsi2",))
        self.schedule("sweep_cutovers", sweep, "rate(1 minute)")

        change = self.function("change_cutover", timeout_seconds=20)
        self.table_access(change, *STORED, "DeleteItem", "Query", indexes=())
        self.callback_access(change, CUTOVER)
        ramps = self.function("read_ramps", timeout_seconds=20)
        self.table_access(ramps, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        read = self.function("read_cutover", timeout_seconds=20)
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        smoke = self.function("run_smoke_tests", timeout_seconds=29)
        self.table_access(smoke, "GetItem", "PutItem", indexes=())
        self.secret_access(smoke, DATABASE_SECRETS)

    def _ramps(self) -> None:
        # A look asks a handful of queries, each for five seconds at most, and sets and reads the share.
        advance = self.function("advance_ramp", memory_mb=1024, timeout_seconds=120)
        # BatchGetItem, Query, DeleteItem: an alert that pages, timers that end.
        self.table_access(advance, *STORED, "BatchGetItem", "DeleteItem", "Query", indexes=())
        self.secret_access(advance, DATABASE_SECRETS)
        roles = self.format_arn(service="iam", region="", account="*", resource="role", resource_name=TENANT_ROLES)
        allow(advance, ["sts:AssumeRole"], [roles], wildcard="Roles of tenants, in accounts nobody knows before")
        # One per call: a ramp whose traffic hangs holds up no other.
        self.work_queue("advance_ramp", advance, batch_size=1, max_concurrency=5)

    def _verification(self) -> None:
        change = self.function("change_verification")
        self.table_access(change, *STORED, indexes=())
        read = self.function("read_verification")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        verify = self.function("verify_slice", timeout_seconds=900, memory_mb=1024)
        self.table_access(verify, "GetItem", "PutItem", "UpdateItem", indexes=())
        self.secret_access(verify, DATABASE_SECRETS)
        # One per call: a slice takes minutes, and the databases are somebody's production.
        self.work_queue("verify_slice", verify, batch_size=1, max_concurrency=2)

    def _oncall(self) -> None:
        change = self.function("change_oncall")
        self.table_access(change, *STORED, "BatchGetItem", "Query", indexes=())
        imports = self.function("import_oncall", memory_mb=1024, timeout_seconds=29)
        # BatchGetItem: contacts. PutItem: what is stored, and refusals in the audit.
        self.table_access(imports, "GetItem", "PutItem", "BatchGetItem", "Query", indexes=())
        read = self.function("read_oncall")
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())
        feed = self.function("feed_oncall")
        # PutItem: refusals are kept in the audit.
        self.table_access(feed, "GetItem", "Query", "PutItem", indexes=())

    def _incidents(self) -> None:
        change = self.function("change_incidents")
        # BatchGetItem: contacts. DeleteItem: timers of clocks that stop.
        self.table_access(change, *STORED, "DeleteItem", "Query", indexes=())
        read = self.function("read_incidents")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        replays = self.function("replay_incidents", memory_mb=1024, timeout_seconds=29)
        self.table_access(replays, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        note = self.function("note_acknowledged")
        self.table_access(note, *STORED, "DeleteItem", indexes=())
        self.subscribe("note_acknowledged", note)

        follow = self.function("follow_production")
        # BatchGetItem: a call that pages, as any alert. DeleteItem: a stop that is over, timers of clocks that stop.
        self.table_access(follow, *STORED, "BatchGetItem", "DeleteItem", "Query", indexes=())
        self.subscribe("follow_production", follow)

        record = self.function("record_changes")
        self.table_access(record, "PutItem", indexes=())
        self.subscribe("record_changes", record)
        changes = self.function("read_changes")
        # PutItem: refusals are kept in the audit.
        self.table_access(changes, "GetItem", "Query", "PutItem", indexes=())

        judge = self.function("judge_slo")
        self.table_access(judge, *STORED, "Query", indexes=())
        # Sixteen queries of an objective, each for five seconds at most; or a probe.
        address = {"PUBLIC_URL": self.stage.public_url}
        look = self.function("take_looks", memory_mb=1024, timeout_seconds=120, environment=address)
        # BatchGetItem, DeleteItem: an alert that fires or is over, with the timers of its incident.
        self.table_access(look, *STORED, "BatchGetItem", "DeleteItem", "Query", indexes=())
        self.secret_access(look, DATABASE_SECRETS)
        # One per call: a server that hangs holds up nobody else's.
        self.work_queue("take_looks", look, batch_size=1, max_concurrency=5)

    def _status(self) -> None:
        change = self.function("change_status")
        self.table_access(change, *STORED, "Query", indexes=())
        show = self.function("show_status", environment={"PUBLIC_URL": self.stage.public_url})
        # UpdateItem: a caller's limits. DeleteItem: who unsubscribes is forgotten.
        self.table_access(show, *STORED, "DeleteItem", "Query", indexes=())

    def _intake(self) -> None:
        receive = self.function("receive_alerts", memory_mb=1024, timeout_seconds=29)
        self.table_access(receive, *STORED, "BatchGetItem", "DeleteItem", "Query", indexes=())
        change = self.function("change_intake")
        # DeleteItem: the timer of a heartbeat that is not waited for any more.
        self.table_access(change, *STORED, "DeleteItem", "Query", indexes=())
        read = self.function("read_intake")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=())

    def _runbooks(self) -> None:
        # A scenario or a probe may wait for an address and a database; the API waits for 29 seconds. gsi2: the outbox.
        change = self.function("change_runbooks", timeout_seconds=29, memory_mb=1024)
        self.table_access(change, *STORED, "BatchGetItem", "DeleteItem", "Query", indexes=("gsi2",))
        self.secret_access(change, DATABASE_SECRETS)
        read = self.function("read_runbooks", timeout_seconds=20)
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1", "gsi2"))
        confirm = self.function("confirm_parked")
        self.table_access(confirm, "PutItem", indexes=())
        self.subscribe("confirm_parked", confirm)

    def _aftercare(self) -> None:
        change = self.function("change_aftercare")
        # DeleteItem: timers whose reason is gone.
        self.table_access(change, *STORED, "DeleteItem", indexes=())
        read = self.function("read_aftercare")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))

    def _drills(self) -> None:
        change = self.function("change_drills")
        # BatchGetItem: alerts that are there already. DeleteItem: timers whose reason is gone.
        self.table_access(change, *STORED, "BatchGetItem", "DeleteItem", "Query", indexes=("gsi1",))
        read = self.function("read_drills")
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))

    def _timers(self) -> None:
        """Every purpose of ``wake_timers``; what its effects touch is granted here."""
        wake = self.function("wake_timers", timeout_seconds=30)
        add_timers(self, wake)
        # BatchGetItem, gsi1: a drill's alerts, the runbook that was followed in it, incidents of a report.
        self.table_access(wake, "PutItem", "DeleteItem", "BatchGetItem", "Query", indexes=("gsi1",))
