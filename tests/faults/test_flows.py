"""All flows, with every fault at every call in a campaign (`make campaign`), with some of them in `make test`.

A campaign counts what it ran in `.build/faults`, a file for each seed and flow.
"""

import importlib
import pkgutil
import random
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import BUILD
from tests.faults import flows
from tests.faults.harness import FLOWS, Case, Flow, arranged, cases, findings, pairs
from tests.faults.wire import Wire

for module in pkgutil.iter_modules([str(Path(__file__).with_name("flows"))]):
    importlib.import_module(f"{flows.__name__}.{module.name}")

SAMPLE = 5
"""Faults per flow and seed in `make test`."""
SEEDS = (1,)
"""Which samples; one that found something stays here."""


def tried(flow: Flow[Any], every: list[Case], config: pytest.Config) -> list[Case]:
    """Return all faults, alone and with a second one, in a campaign; else some of them."""
    if config.getoption("--campaign"):
        return every + pairs(every, f"{config.getoption('--seed')} {flow.name}")
    picked: list[Case] = []
    for seed in SEEDS:
        both = every + pairs(every, f"{seed} {flow.name}")
        picked += random.Random(f"{flow.name} {seed}").sample(both, min(SAMPLE, len(both)))
    return list(dict.fromkeys(picked))


@pytest.mark.parametrize("name", FLOWS)
def test_no_fault_at_any_call_loses_doubles_or_lies(name: str, pytestconfig: pytest.Config) -> None:
    flow = FLOWS[name]
    with arranged(flow) as run:
        undisturbed = run(Wire())
        assert undisturbed.broken == ()
        assert len(undisturbed.answers) == 1
        every = cases(undisturbed.calls)
        assert every, "the flow calls nothing of AWS"
        wanted = tried(flow, every, pytestconfig)
        wrong = [line for case in wanted for line in findings(flow, run, undisturbed, case)]
    if pytestconfig.getoption("--campaign"):
        counts = BUILD / "faults" / f"seed-{pytestconfig.getoption('--seed')}"
        counts.mkdir(parents=True, exist_ok=True)
        (counts / f"{name}.txt").write_text(f"{len(wanted)} combinations, {len(wrong)} findings: {name}\n", "utf-8")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
