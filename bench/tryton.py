"""The same small case planned by Tryton's stock supply (no development dependency: bench/tryton.txt pins it).

`uv pip compile --generate-hashes bench/tryton.in` makes that file; it is installed into .build/bench. Tryton wants a
quantity in stock the day before it is needed and counts calendar days, so our lead times are a day longer here and our
demands a day earlier. Orders of one item for one day are compared by their sum: Tryton asks for each need by itself.
Of a larger case (6 items, 13 demands) 60 of 66 quantities were the same; why the others differ is not known yet.
"""

import hashlib
import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

from bench.processes import installed
from enghub.mes.planning.mrp import Demand, Item, World, plan

PINNED = Path(__file__).with_name("tryton.txt")
TODAY = date(2026, 1, 5)
SECONDS = 900
"""Most of it makes Tryton's database."""
CASE: dict[str, Any] = {
    "items": {
        "A": {"lead": 3, "components": [["B", 2], ["C", 1]]},
        "B": {"lead": 2, "components": [["C", 3]]},
        "C": {"lead": 4, "components": []},
    },
    "demands": [["A", 30, 10], ["A", 37, 5], ["B", 33, 7]],
}
Quantities = dict[tuple[str, int], Decimal]
"""By item and day."""
Section = tuple[str, list[str], list[list[str]]]


def section() -> Section:
    """Plan by both; where Tryton cannot be installed the row says so."""
    begin = process_time()
    ours = _ours()
    spent = process_time() - begin
    rows = [["EngHub", str(len(ours)), "", f"{spent * 1000:.1f}", ""]]
    try:
        told = _theirs()
    except (OSError, subprocess.SubprocessError) as error:
        rows.append(["Tryton 8.2", "", f"not run here: {type(error).__name__}", "", ""])
    else:
        theirs: Quantities = defaultdict(Decimal)
        for item, day, quantity in told["orders"]:
            theirs[item, day] += Decimal(str(quantity))
        same = sum(theirs.get(key) == quantity for key, quantity in ours.items())
        of = len(ours.keys() | theirs.keys())
        times = [f"{told['cpu'] * 1000:.1f}", f"{told['setUp']:.0f}"]
        rows.append(["Tryton 8.2", str(len(theirs)), f"{same} of {of}", *times])
    head = ["3 items, 3 levels, 3 demands", "items x days", "same quantity", "CPU ms", "set-up s"]
    return "Requirements planning beside Tryton's stock supply, the same small case", head, rows


def _ours() -> Quantities:
    items = {
        name: Item(name, said["lead"] + 1, components=tuple((part, Decimal(per)) for part, per in said["components"]))
        for name, said in CASE["items"].items()
    }
    demands = [
        Demand(item, TODAY + timedelta(days=day - 1), Decimal(quantity), f"{item}-{day}")
        for item, day, quantity in CASE["demands"]
    ]
    world = World(items, {}, (), TODAY, lambda day, lead: day - timedelta(days=lead))
    found: Quantities = defaultdict(Decimal)
    for one in plan(world, demands).suggestions:
        found[one.item_id, (one.due - TODAY).days] += one.quantity
    return found


def _theirs() -> dict[str, Any]:
    name = f"tryton-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]}"
    pip = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--require-hashes"]
    home = installed(name, lambda to: [*pip, "--target", to, "--requirement", str(PINNED)])
    worker = [sys.executable, "-S", str(Path(__file__).with_name("tryton_worker.py")), json.dumps(CASE)]
    names = {"PYTHONPATH": str(home), "DB_NAME": ":memory:", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
    done = subprocess.run(worker, capture_output=True, text=True, check=True, env=names, timeout=SECONDS)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
