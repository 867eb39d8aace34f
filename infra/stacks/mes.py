"""Manufacturing execution: the context ``mes``."""

from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.stacks.state import StateStack
from infra.stage import Stage


class MesStack(ContextStack):
    """Work orders, production reporting and the shift board. PutItem everywhere: refusals are kept in the audit."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "mes", stage, state)
        self._work_orders()
        self._reporting()
        self._shift_board()

    def _work_orders(self) -> None:
        create = self.function("create_work_order")
        # GetItem: the answer kept under an Idempotency-Key.
        self.table_access(create, "GetItem", "PutItem")

        change = self.function("change_work_order")
        # DeleteItem: entries of lists that the order leaves; never an order.
        self.table_access(change, "GetItem", "PutItem", "UpdateItem", "DeleteItem")

        read = self.function("read_work_orders")
        self.table_access(read, "GetItem", "BatchGetItem", "Query", "PutItem", indexes=())

    def _reporting(self) -> None:
        # 1769 MB is one whole vCPU: reporting is CPU bound and people wait for it.
        report = self.function("report_production", memory_mb=1769)
        # GetItem: whether the report itself is stored, before an unknown order is refused.
        self.table_access(report, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")

        read = self.function("read_production_reports")
        self.table_access(read, "Query", "PutItem", indexes=("gsi2",))

    def _shift_board(self) -> None:
        update = self.function("update_shift_board", timeout_seconds=30)
        self.table_access(update, "GetItem", "PutItem", "UpdateItem")
        self.subscribe("update_shift_board", update)

        read = self.function("read_shift_board")
        self.table_access(read, "Query", "PutItem", indexes=())

        rebuild = self.function("rebuild_shift_board", memory_mb=1024, timeout_seconds=300)
        self.table_access(rebuild, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", indexes=("gsi1",))
        self.schedule("rebuild_shift_board", rebuild, "rate(15 minutes)")
