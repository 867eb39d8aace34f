"""Configuration: the context ``settings``."""

from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.stacks.state import StateStack
from infra.stage import Stage


class SettingsStack(ContextStack):
    """Configuration items: reads share a function, and so do changes; creation has its own."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "settings", stage, state)
        self._configs()

    def _configs(self) -> None:
        read = self.function("read_configs")
        # PutItem: refusals are kept in the audit.
        self.table_access(read, "BatchGetItem", "Query", "PutItem", indexes=())

        create = self.function("create_config")
        # GetItem: the answer kept under an Idempotency-Key.
        self.table_access(create, "BatchGetItem", "GetItem", "PutItem", "UpdateItem", "ConditionCheckItem")

        change = self.function("change_config")
        # Query: who refers to an item that cannot be deleted. DeleteItem: cards and references, never versions.
        self.table_access(
            change,
            "BatchGetItem",
            "GetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "ConditionCheckItem",
            indexes=(),
        )
