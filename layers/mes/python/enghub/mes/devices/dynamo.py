"""Devices in DynamoDB: master data of the factory, found by the broker's identity of them, with their counters.

``pk DEVICE#<id>`` names the factory of a device: identities are the broker's, one for all tenants, so that no message
can name a tenant of its own.
"""

from dataclasses import dataclass

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout, RawItem
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, key, query
from enghub.core.transactions import PutItem, absent, transact
from enghub.mes.devices.errors import DeviceElsewhere
from enghub.mes.devices.model import CounterState, Device
from enghub.mes.devices.repository import CounterMoved
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import DynamoMasters, factory_of_key, master_key
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.model import Status

KIND = "DEVICES"
PAGE = 100


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a device is."""

    factory: Factory
    device_id: str


DEVICES = Aggregate(
    Device,
    "DEVICE",
    key=lambda device: master_key(device.factory, KIND, device.device_id),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    name="device",
    identity=lambda device: device.device_id,
    factory=lambda device: device.factory.factory_id,
    shows=(
        *("name", "station_id", "operation", "work_order_id", "counter_bits", "most_at_once", "time_unit"),
        "is_deleted",
    ),
)
OWNERS = Items(
    Owner,
    "DEVICE_OWNER",
    key=lambda owner: (key("DEVICE", owner.device_id), "OWNER"),
    layout=Layout(flat=("factory",)),
)
COUNTERS = Items(CounterState, "DEVICE_COUNTER")


class DynamoDevices(DynamoMasters[Device]):
    """The registry."""

    def save(self, commit: Commit[Device]) -> Kept[Device]:
        """One transaction: the device, whose it is, its audit entry."""
        device = commit.after
        owner = OWNERS.put(Owner(device.factory, device.device_id))
        same = (Attr("tenant_id") == device.factory.tenant_id) & (Attr("factory_id") == device.factory.factory_id)

        def elsewhere(_: RawItem | None) -> Exception:
            return DeviceElsewhere(device=device.device_id)

        return self.aggregate.save(commit, PutItem(owner.item, absent() | same, elsewhere))


def devices() -> DynamoDevices:
    """Return the registry."""
    return DynamoDevices(DEVICES, KIND)


class DynamoCounters:
    """Devices and their counters, for ingestion."""

    def whose(self, device_id: str) -> Device | None:
        """Two consistent GetItems."""
        owner = OWNERS.get((key("DEVICE", device_id), "OWNER"))
        kept = None if owner is None else devices().get(owner.factory, device_id)
        return None if kept is None else kept.value

    def state(self, factory: Factory, device_id: str) -> CounterState | None:
        """One consistent GetItem."""
        return COUNTERS.get(_counter_key(factory, device_id))

    def keep(self, factory: Factory, before: CounterState | None, after: CounterState) -> CounterState:
        """One conditional PutItem."""
        same = absent() if before is None else Attr("revision") == before.revision
        transact(COUNTERS.put(after, same, CounterMoved, at=_counter_key(factory, after.device_id)))
        return after

    def running_order(self, factory: Factory, station_id: str) -> str | None:
        """One Query of the orders that the station began, newest first; the first in production counts."""
        partition = key("T", factory.tenant_id, "F", factory.factory_id, "WOS", "STARTED", station_id)
        for entry in query(partition, limit=PAGE, newest_first=True).items:
            kept = DynamoWorkOrders().get(factory, entry["work_order_id"]["S"])
            if kept is not None and kept.value.status is Status.IN_PROGRESS:
                return kept.value.work_order_id
        return None


def _counter_key(factory: Factory, device_id: str) -> Key:
    return master_key(factory, "DEVICE-COUNTERS", device_id)
