"""What happened reaches the ERP once, with every fault on the way: its message, its sending, the sandbox itself."""

import json
from typing import Any

from tests.factories.erp import BASE, Linked, put_secret, sandbox_erp
from tests.factories.stored import items
from tests.faults.harness import Flow, register

TRIES = frozenset({"attempts", "revision", "probe_at", "failures"})
"""What a try after a fault may raise."""


def connected() -> Linked:
    put_secret()
    return Linked.unlinked()


def connect(floor: Linked) -> Any:
    body = {"recipientId": "emp-001", "uses": ["COMPLETIONS", "STOCK_MOVEMENTS"]}
    return floor.call("change_erp", "PUT", f"{BASE}/link", body)


def happened() -> tuple[Linked, list[dict[str, Any]]]:
    """A floor on which an order was completed and a lot came in, of which the exchange has not heard."""
    floor = Linked()
    floor.completed()
    floor.received_stock()
    return floor, floor.told()


def told() -> Linked:
    floor = Linked()
    floor.received_stock()
    floor.feed()
    return floor


def back(floor: Linked) -> None:
    """The ERP is back, and the minute's round comes."""
    floor.call("change_erp", "POST", f"{BASE}/replay")


def one_movement(_: Linked) -> None:
    assert len(items("ERP_RECEIVED")) == 1
    (message,) = items("ERP_MESSAGE")
    assert message["state"] == "ACKNOWLEDGED"


register(Flow("connect the ERP", "mes", connected, connect))
register(Flow("the exchange hears what happened", "mes", happened, lambda state: state[0].feed(state[1])))
register(
    Flow(
        "the ERP is told",
        "mes",
        told,
        lambda floor: floor.send(),
        settle=back,
        must=one_movement,
        around=sandbox_erp,
        counts=TRIES,
    )
)


def supplied() -> Linked:
    return Linked("BOM", "PPAP")


def to_be_released() -> Linked:
    floor = supplied()
    floor.create(bomVersion="V2.0")
    return floor


def create(floor: Linked) -> Any:
    return floor.create(bomVersion="V2.0")


register(Flow("plan by the ERP's BOM", "mes", supplied, create, around=sandbox_erp, counts=TRIES))
register(
    Flow(
        "release with the ERP's approvals",
        "mes",
        to_be_released,
        lambda floor: floor.step("WO-1", "release", 1),
        around=sandbox_erp,
        counts=TRIES,
    )
)


def meanwhile() -> Linked:
    """An order was refused while the ERP was away; it is back."""
    floor = supplied()
    erp = floor.erp
    erp.scenario(down=True)
    floor.create(bomVersion="V2.0")
    erp.scenario(down=False)
    return floor


register(Flow("refusals are checked again", "mes", meanwhile, back, settle=back, around=sandbox_erp, counts=TRIES))


def offered() -> Linked:
    floor = Linked("ORDERS")
    order = {"order_id": "PO-1", "product_id": "PROD-A001", "qty": 40, "due_date": "2026-12-24"}
    floor.erp.say("order", "PO-1", json.dumps(order))
    return floor


def one_order(_: Linked) -> None:
    assert [one["value"] for one in items("ERP_RECEIVED")] == ["ACCEPTED"]
    assert len(items("WORK_ORDER")) == 1


register(
    Flow(
        "orders come from the ERP",
        "mes",
        offered,
        back,
        settle=back,
        must=one_order,
        around=sandbox_erp,
        counts=TRIES,
    )
)
