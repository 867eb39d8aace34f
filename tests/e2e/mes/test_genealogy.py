"""Which customers have something of a supplier's batch, through HTTP: among 100,000 lots in a campaign."""

import random
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from enghub.mes.factories import Factory
from enghub.mes.stock.dynamo import _node
from enghub.mes.stock.model import Direction
from enghub_cli.context import Cloud
from tests.factories.floor_api import FACTORY, FloorApi, done

pytestmark = pytest.mark.e2e

LOTS, SOME = 100_000, 600
TIERS = 5
CUSTOMERS = 400
TABLE = "enghub-local-mes"


@pytest.fixture
def floor(cloud: Cloud) -> Iterator[FloorApi]:
    with FloorApi.of_a_new_tenant(cloud) as made:
        yield made


def factory_of(count: int) -> dict[str, set[str]]:
    """Return who goes into whom: five tiers of lots, each made by an order of three lots of the tier before."""
    dice, links = random.Random(11), dict[str, set[str]]()
    size = count // TIERS
    for tier in range(1, TIERS):
        for number in range(size):
            order = f"order:W{tier}-{number}"
            links.setdefault(order, set()).add(f"lot:L{tier}-{number}")
            for _ in range(3):
                links.setdefault(f"lot:L{tier - 1}-{dice.randrange(size)}", set()).add(order)
    for number in range(size):
        links.setdefault(f"lot:L{TIERS - 1}-{number}", set()).add(f"customer:C{dice.randrange(CUSTOMERS)}")
    return links


def reached(links: dict[str, set[str]], start: str) -> set[str]:
    """Return all that a node leads to, the plainest way."""
    found, waiting = set[str](), [start]
    while waiting:
        new = links.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def put(cloud: Cloud, factory: Factory, links: dict[str, set[str]]) -> None:
    client = cloud.client("dynamodb")
    waiting = iter(links.items())
    while some := list(islice(waiting, 25)):
        requests = [{"PutRequest": {"Item": _item(factory, node, targets)}} for node, targets in some]
        client.batch_write_item(RequestItems={TABLE: requests})


def _item(factory: Factory, node: str, targets: set[str]) -> dict[str, Any]:
    pk, sk = _node(factory, Direction.FORWARD, node)
    return {"pk": {"S": pk}, "sk": {"S": sk}, "entity": {"S": "GENEALOGY"}, "links": {"SS": sorted(targets)}}


def test_customers_of_a_suppliers_batch_are_found(cloud: Cloud, floor: FloorApi, pytestconfig: pytest.Config) -> None:
    whole = pytestconfig.getoption("--campaign")
    links = factory_of(LOTS if whole else SOME)
    put(cloud, Factory(floor.tenant, FACTORY), links)
    client = floor.client("QUALITY_ENGINEER")
    taken = []
    for lot in ("L0-1", "L0-2", "L0-3"):
        begin = time.monotonic()
        found = done(client.get(f"/api/v1/inventory/lots/{lot}/trace", params={"direction": "forward"}))
        taken.append(time.monotonic() - begin)
        right = reached(links, f"lot:{lot}")
        told = [f"lot:{one}" for one in found["lots"]] + [f"order:{one}" for one in found["workOrders"]]
        told += [f"customer:{one}" for one in found["customers"]]
        assert len(told) == len(set(told))
        assert set(told) == right
    if whole:  # the first call may have to start a process
        assert min(taken) < 1, taken
