"""A stored BOM of 10,000 lines on 10 levels through the API, reads included; beside it in memory, a dict and networkx.

``python -m bench.boms``. CPU of the handler with recorded answers of DynamoDB; the limit is one second (PLM-02).
"""

import contextlib
import io
import random
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import networkx as nx
import pytest

from bench.handlers import Case, _surroundings, load
from bench.replay import recording
from enghub.core.aws import client
from enghub.core.codec import Key, RawItem
from enghub.core.dynamo import table
from enghub.core.transactions import PutItem
from enghub.plm.boms.dynamo import BOMS, VERSIONS, used_key
from enghub.plm.boms.model import Bom, Versions
from enghub.plm.boms.whereused import Use
from tests.conftest import forget_clients
from tests.factories.boms import Shelf, a_bom
from tests.factories.http import Context, a_principal, a_request
from tests.fakes.quick_moto import quicken

LEVELS = (1, 10, 50, 100, 150, 200, 200, 150, 100, 40)
ROUNDS = 5
CALLER = a_principal("bom:read")
BASE = "/api/v1/plm/boms"


def structure() -> list[Bom]:
    """Return 961 assemblies on 10 levels with 10,000 lines; S-7 is used nearly everywhere."""
    random.seed(1)
    names = [[f"L{level}-{number}" for number in range(count)] for level, count in enumerate(LEVELS)]
    made = []
    for level in range(len(LEVELS) - 1):
        below, each = names[level + 1], max(4, -(-LEVELS[level + 1] // LEVELS[level]))
        for place, product in enumerate(names[level]):
            parts = [below[(place * each + at) % len(below)] for at in range(each)]
            parts += ["S-7", *(f"S-{random.randrange(3000)}" for _ in range(6))]
            made.append(a_bom(product, *((part, random.choice((1, 2, "0.5"))) for part in dict.fromkeys(parts))))
    return made


def store(boms: list[Bom]) -> None:
    """Put them into the table as the store keeps them, without audit and events."""
    used: dict[Key, set[str]] = defaultdict(set)
    for bom in boms:
        versions = Versions(bom.tenant_id, bom.product, (bom.span,))
        found = [BOMS.write(bom, None), VERSIONS.write(versions, None)]
        for write in found:
            assert isinstance(write, PutItem)
            _put(write.item)
        for part in bom.parts:
            used[used_key(bom, part)].add(bom.product)
    for (pk, sk), products in used.items():
        _put({"pk": {"S": pk}, "sk": {"S": sk}, "entity": {"S": "BOM_USED"}, "products": {"SS": sorted(products)}})


def _put(item: RawItem) -> None:
    client("dynamodb").put_item(TableName=table().table_name, Item=item)


def _cpu(run: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def through_the_api(boms: list[Bom]) -> dict[str, tuple[float, int]]:
    """Return CPU seconds and AWS calls of an explosion and a where-used."""
    found = {}
    silent = io.StringIO()
    case = Case("boms", "plm/read_boms", dict)
    with _surroundings(case), contextlib.redirect_stdout(silent), pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        store(boms)
        forget_clients()
        handler = load("plm/read_boms")
        for name in ("L0-0/explosion", "S-7/where-used"):
            event = a_request("GET", f"{BASE}/{name}", caller=CALLER)
            with recording() as tape:
                answer = handler(event, Context())
                assert answer["statusCode"] == 200, answer
                tape.replaying = True

                def again(event: Any = event, tape: Any = tape) -> None:
                    tape.restart()
                    handler(event, Context())

                found[name] = (_cpu(again), len(tape.answers))
    return found


def _dict_explosion(boms: list[Bom]) -> dict[str, Decimal]:
    lines = {bom.product: [(line.component, line.quantity) for line in bom.lines] for bom in boms}
    indegree: dict[str, int] = defaultdict(int)
    for inside in lines.values():
        for part, _ in inside:
            indegree[part] += 1
    needs, ready = defaultdict(Decimal, {"L0-0": Decimal(10)}), ["L0-0"]
    while ready:
        product = ready.pop()
        for part, quantity in lines.get(product, ()):
            needs[part] += needs[product] * quantity
            indegree[part] -= 1
            if not indegree[part]:
                ready.append(part)
    return needs


def _networkx_explosion(graph: nx.DiGraph) -> dict[str, Decimal]:
    needs = defaultdict(Decimal, {"L0-0": Decimal(10)})
    for product in nx.topological_sort(graph):
        for part, data in graph[product].items():
            needs[part] += needs[product] * data["quantity"]
    return needs


def main() -> None:
    """Print the table."""
    boms = structure()
    graph = nx.DiGraph()
    for bom in boms:
        graph.add_edges_from((bom.product, line.component, {"quantity": line.quantity}) for line in bom.lines)
    shelf = Shelf(*boms)
    wanted = _dict_explosion(boms)
    needs = {one.component: one.quantity for one in shelf.exploded("L0-0", 10).requirements}
    assert needs == {part: quantity for part, quantity in wanted.items() if part in needs}
    assert len(needs) > 2000
    uses: dict[str, Use] = shelf.uses("S-7")
    print(f"{sum(len(bom.lines) for bom in boms)} lines, {len(boms)} assemblies, {len(uses)} above S-7")
    for name, (seconds, calls) in through_the_api(boms).items():
        print(f"{name:<28} {seconds:6.3f} s CPU, {calls} calls")
    print(f"{'in memory: engine':<28} {_cpu(lambda: shelf.exploded('L0-0', 10)):6.3f} s CPU")
    print(f"{'in memory: plain dict':<28} {_cpu(lambda: _dict_explosion(boms)):6.3f} s CPU")
    print(f"{'in memory: networkx':<28} {_cpu(lambda: _networkx_explosion(graph)):6.3f} s CPU")


if __name__ == "__main__":
    main()
