"""Routings in DynamoDB: the current version as master data, every version beside it, written with it."""

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import DynamoMasters, factory_of_key, master_key
from enghub.mes.routings.model import Routing

KIND = "ROUTINGS"
ROUTINGS = Aggregate(
    Routing,
    "ROUTING",
    key=lambda routing: master_key(routing.factory, KIND, routing.routing_id),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    name="routing",
    identity=lambda routing: routing.routing_id,
    factory=lambda routing: routing.factory.factory_id,
    shows=("name", "operations", "product_id", "in_sequence", "is_deleted"),
)
VERSIONS = Items(Routing, "ROUTING_VERSION")


def _version_key(factory: Factory, routing_id: str, version: int) -> Key:
    return master_key(factory, "ROUTING-VERSIONS", "x")[0] + "#" + key(routing_id), f"{version:09d}"


class DynamoRoutings(DynamoMasters[Routing]):
    """The store."""

    def version(self, factory: Factory, routing_id: str, version: int) -> Routing | None:
        """One consistent GetItem."""
        return VERSIONS.get(_version_key(factory, routing_id, version))

    def save(self, commit: Commit[Routing]) -> Kept[Routing]:
        """One transaction: the routing, its new version, audit entry."""
        routing = commit.after
        version = commit.before.revision + 1 if commit.before else 1
        at = _version_key(routing.factory, routing.routing_id, version)
        return self.aggregate.save(commit, VERSIONS.put(routing, at=at))


def routings() -> DynamoRoutings:
    """Return the store of routings."""
    return DynamoRoutings(ROUTINGS, KIND)
