"""Manufacturing execution: the context ``mes``."""

from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.stacks.mes_floor import add_floor
from infra.stacks.mes_quality import add_quality
from infra.stacks.state import StateStack
from infra.stage import Stage


class MesStack(ContextStack):
    """Work orders, production reporting and the shift board. PutItem everywhere: refusals are kept in the audit."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "mes", stage, state)
        self._work_orders()
        self._reporting()
        self._shift_board()
        add_quality(self)
        add_floor(self)

    def _work_orders(self) -> None:
        # As long as the gateway waits: where the factory has an ERP, three tries and their pauses.
        create = self.function("create_work_order", timeout_seconds=29)
        # GetItem: the answer kept under an Idempotency-Key.
        self.table_access(create, "GetItem", "PutItem")

        change = self.function("change_work_order", timeout_seconds=29)
        # DeleteItem: entries of lists that the order leaves; never an order. BatchGetItem: approvals of materials.
        self.table_access(change, "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem")
        for asks_erp in (create, change):
            self.secret_access(asks_erp, "mes/erp/*")

        read = self.function("read_work_orders")
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())

    def _reporting(self) -> None:
        # 1769 MB is one whole vCPU: reporting is CPU bound and people wait for it.
        report = self.function("report_production", memory_mb=1769)
        # GetItem: whether the report itself is stored, before an unknown order is refused.
        self.table_access(report, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")

        read = self.function("read_production_reports")
        self.table_access(read, "Query", "PutItem", indexes=("gsi1", "gsi2"))

        # Two hundred reports one after the other, within what the gateway waits for.
        batch = self.function("report_batch", memory_mb=1769, timeout_seconds=28)
        self.table_access(batch, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")

        reverse = self.function("reverse_report")
        # DeleteItem: the window of the conflict check that the report opened.
        self.table_access(reverse, "BatchGetItem", "GetItem", "PutItem", "UpdateItem", "DeleteItem")

    def _shift_board(self) -> None:
        update = self.function("update_shift_board", timeout_seconds=30)
        self.table_access(update, "GetItem", "PutItem", "UpdateItem")
        self.subscribe("update_shift_board", update)

        read = self.function("read_shift_board")
        self.table_access(read, "Query", "PutItem", indexes=())

        rebuild = self.function("rebuild_shift_board", memory_mb=1024, timeout_seconds=300)
        self.table_access(rebuild, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", indexes=("gsi1",))
        self.schedule("rebuild_shift_board", rebuild, "rate(15 minutes)")
