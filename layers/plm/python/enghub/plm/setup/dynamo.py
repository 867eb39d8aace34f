"""A tenant's units and connection rules in DynamoDB: ``T#<tenant>#PLM-SETUP`` / ``UNITS``, ``CONNECTION#<name>``."""

from typing import Any, TypeVar

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.units.model import UnitTable

A = TypeVar("A", ConnectionRules, UnitTable)


def _key(tenant_id: str, *name: str) -> Key:
    return key("T", tenant_id, "PLM-SETUP"), key(*name)


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


UNITS = Aggregate(
    UnitTable,
    "UNIT_TABLE",
    key=lambda table: _key(table.tenant_id, "UNITS"),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    name="unit_table",
    identity=lambda _: "units",
    shows=lambda table: {"units": [unit.code for unit in table.units]},
)
RULES = Aggregate(
    ConnectionRules,
    "CONNECTION_RULES",
    key=lambda rules: _key(rules.tenant_id, "CONNECTION", rules.name),
    layout=Layout(given=("tenant_id",), of_key=_tenant, names={"name": "connection"}),
    name="connection_rules",
    identity=lambda rules: rules.name,
    shows=(
        "identity",
        "revisions",
        "zone",
        "overlap_minutes",
        "number_format",
        "file_encoding",
        "webhook_status",
        "messages_per_minute",
    ),
)


class DynamoSetup:
    """The PlmSetup of ``repository`` on the context's table."""

    def units(self, tenant_id: str) -> Kept[UnitTable] | None:
        """See PlmSetup."""
        return UNITS.read(_key(tenant_id, "UNITS"))

    def rules(self, tenant_id: str, connection: str) -> Kept[ConnectionRules] | None:
        """See PlmSetup."""
        return RULES.read(_key(tenant_id, "CONNECTION", connection))

    def save_units(self, commit: Commit[UnitTable]) -> Kept[UnitTable]:
        """See PlmSetup."""
        return UNITS.save(commit)

    def save_rules(self, commit: Commit[ConnectionRules]) -> Kept[ConnectionRules]:
        """See PlmSetup."""
        return RULES.save(commit)
