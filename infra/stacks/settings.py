"""Configuration: the context ``settings``."""

from collections.abc import Sequence

from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.constructs.grants import allow
from infra.constructs.socket_api import address, may_post, socket_api
from infra.constructs.timers import add_timers
from infra.document import Route
from infra.stacks.state import StateStack
from infra.stage import Stage


class SettingsStack(ContextStack):
    """Configuration items: reads share a function, and so do changes; creation has its own."""

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, "settings", stage, state)
        self._configs()
        self._flags()
        self._releases()
        self._rules()
        self._templates()
        self._clients()
        self._security()
        self._timers()

    def _configs(self) -> None:
        read = self.function("read_configs")
        # GetItem: versions. PutItem: refusals are kept in the audit.
        self.table_access(read, "BatchGetItem", "GetItem", "Query", "PutItem", indexes=("gsi1",))

        create = self.function("create_config")
        # GetItem: the answer kept under an Idempotency-Key.
        # Query: rules of approval.
        self.table_access(
            create, "BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem", indexes=()
        )

        writes = ("BatchGetItem", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
        # A batch of 1,000 is held and switched within the request; 29 s is the gateway's limit.
        change = self.function("change_config", timeout_seconds=29)
        # Query: who refers to an item that cannot be deleted. DeleteItem: cards, references, timers, never versions.
        self.table_access(change, *writes, "Query", indexes=())

        restore = self.function("restore_config", timeout_seconds=29)
        self.table_access(restore, *writes, "Query", indexes=())

        # A file is read, checked and made one change set within the request.
        transfer = self.function("transfer_configs", memory_mb=1024, timeout_seconds=29)
        self.table_access(transfer, *writes, "Query", indexes=())

        # A folder: configuration, flags and rules as one change, checked and made within the request.
        folders = self.function("keep_folders", memory_mb=1024, timeout_seconds=29)
        self.table_access(folders, *writes, "Query", indexes=())
        self.field_key_access(folders)

        prefix = "settings/backups/"
        keep = self.function("keep_backups", memory_mb=1024, timeout_seconds=29)
        # gsi1: the users of a tenant that have settings.
        self.table_access(keep, *writes, "Query", indexes=("gsi1",))
        self.object_access(keep, prefix, "GetObject", "PutObject")
        self.listing_access(keep, prefix)
        daily = self.function("back_up_daily", memory_mb=1024, timeout_seconds=900)
        # gsi1: tenants and users that have settings. PutItem: the audit. GetItem: versions of business rules.
        self.table_access(daily, "BatchGetItem", "GetItem", "Query", "PutItem", indexes=("gsi1",))
        self.object_access(daily, prefix, "PutObject")
        self.schedule("back_up_daily", daily, "cron(0 1 * * ? *)")

        # A template is applied, or its newer version followed, as one change set within the request.
        templates = self.function("change_templates", timeout_seconds=29)
        self.table_access(templates, *writes, "Query", indexes=())

        # Secrets: sealed where they are written, opened where they are checked or revealed.
        self.field_key_access(read, create, change, restore, transfer, keep, templates)

        decide = self.function("decide_change", timeout_seconds=29)
        self.field_key_access(decide)
        # What an approved change, or one that is taken back, may write.
        self.table_access(decide, *writes, "Query", indexes=())

    def _timers(self) -> None:
        wake = self.function("wake_timers", timeout_seconds=30)
        # What a version's beginning or expiry changes: the list's entry, the next timer, the event.
        # DeleteItem, ConditionCheckItem: a request whose change was approved, or is taken back.
        # GetItem, Query, UpdateItem: a change set that was switched is settled, one that was not is released.
        self.table_access(
            wake, "BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"
        )
        self.field_key_access(wake)
        add_timers(self, wake)

    def _flags(self) -> None:
        # PutItem: refusals are kept in the audit.
        self.table_access(self.function("read_flags"), "BatchGetItem", "GetItem", "Query", "PutItem", indexes=())
        self.table_access(self.function("explain_flags"), "BatchGetItem", "GetItem", "Query", "PutItem", indexes=())

        change = self.function("change_flags")
        # DeleteItem: what is in force, never versions.
        self.table_access(change, "BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", indexes=())

        segments = self.function("change_segments")
        self.table_access(
            segments, "BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", indexes=()
        )

        evaluate = self.function("evaluate_flags", memory_mb=1024)
        # UpdateItem: evaluations are counted; PutItem: limits, the sample of contexts.
        self.table_access(evaluate, "BatchGetItem", "Query", "PutItem", "UpdateItem", indexes=())

    def _clients(self) -> None:
        # GetItem, PutItem: receipts; refusals are kept in the audit.
        serve = self.function("serve_clients", memory_mb=1024)
        self.table_access(serve, "BatchGetItem", "GetItem", "Query", "PutItem", indexes=())
        # A batch's frames go out sixteen at once. Query: connections, on gsi1 of all tenants; DeleteItem: those gone.
        push = self.function("push_changes", timeout_seconds=60)
        # BatchGetItem, PutItem: the security policy that the edge enforces.
        self.table_access(push, "BatchGetItem", "PutItem", "UpdateItem", "Query", "DeleteItem", indexes=("gsi1",))
        self.subscribe("push_changes", push)
        hold = self.function("hold_connections")
        self.table_access(hold, "PutItem", "DeleteItem", indexes=())
        self.security_access(hold)

    def _security(self) -> None:
        serve = self.function("serve_security", timeout_seconds=29)
        # A policy is changed as a batch of items.
        self.table_access(
            serve,
            *("BatchGetItem", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "Query"),
            indexes=(),
        )
        self.field_key_access(serve)
        # gsi1: a tenant's users that have grants. PutItem: the audit.
        grants = self.function("serve_grants")
        self.table_access(grants, "GetItem", "PutItem", "UpdateItem", "Query", indexes=("gsi1",))
        # gsi1: the audit by day. PutItem: that it was exported.
        export = self.function("export_audit", timeout_seconds=29)
        self.table_access(export, "PutItem", "Query", indexes=("gsi1",))

    def finish(self, routes: Sequence[Route], authorizer_arn: str) -> None:
        """Add the WebSocket API as well; see ``ContextStack``."""
        name = self.stage.name_of(self.context, "push")
        hold, push = self._functions["hold_connections"], self._functions["push_changes"]
        api = socket_api(self, name, self.stage, self._around, holder=hold, authorizer_arn=authorizer_arn)
        may_post(push, api, self.stage)
        for function in (push, self._functions["serve_clients"]):
            for variable, value in address(api, self.stage).items():
                function.add_environment(variable, value)
        super().finish(routes, authorizer_arn)

    def _rules(self) -> None:
        # PutItem: refusals are kept in the audit.
        self.table_access(self.function("read_rules"), "GetItem", "Query", "PutItem", indexes=())
        # Query: rules of approval.
        self.table_access(self.function("change_rules"), "GetItem", "Query", "PutItem", "UpdateItem", indexes=())

    def _templates(self) -> None:
        # PutItem: refusals are kept in the audit.
        read = self.function("read_templates")
        self.table_access(read, "BatchGetItem", "GetItem", "Query", "PutItem", indexes=())

    def _releases(self) -> None:
        stored = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
        # DeleteItem: a flag is free again, a timer is cancelled. Query: rules of approval.
        self.table_access(self.function("change_releases"), *stored, "Query", indexes=())
        read = self.function("read_releases", timeout_seconds=29)
        # PutItem: refusals are kept in the audit.
        self.table_access(read, "GetItem", "Query", "PutItem", indexes=("gsi1",))
        advance = self.function("advance_release", timeout_seconds=60)
        self.table_access(advance, *stored, indexes=())
        reason = "CloudWatch knows no resource for reading metrics; the tenant is a dimension of every query"
        for function in (read, advance):
            allow(function, ["cloudwatch:GetMetricData"], ["*"], wildcard=reason)
        # One per call and many at once: a metrics server that does not answer holds up its own release alone.
        self.work_queue("advance_release", advance, batch_size=1, max_concurrency=10)
