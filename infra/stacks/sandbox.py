"""Stand-ins for the systems around EngHub; only in stages that ask for them."""

from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.stacks.state import StateStack
from infra.stage import SANDBOX, Stage


class SandboxStack(ContextStack):
    """The stand-in PLM and ERP: their routes are public because they check their own tokens (PLM-22, MES-21)."""

    has_outbox = False

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, SANDBOX, stage, state)
        plm = self.function("serve_plm", memory_mb=512, timeout_seconds=29)
        self.table_access(plm, "GetItem", "PutItem", "UpdateItem")
        self.secret_access(plm, "plm/api/*", "plm/webhook/*")
        erp = self.function("serve_erp", memory_mb=512, timeout_seconds=29)
        self.table_access(erp, "GetItem", "PutItem", "UpdateItem", "Query")
        self.secret_access(erp, "mes/erp/*")
