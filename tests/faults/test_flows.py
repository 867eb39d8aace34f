"""All flows, with every fault at every call in a campaign (`make campaign`), with some of them in `make test`."""

import importlib
import pkgutil
import random
from pathlib import Path

import pytest

from tests.faults import flows
from tests.faults.harness import FLOWS, Case, cases, findings, run
from tests.faults.wire import Wire

for module in pkgutil.iter_modules([str(Path(__file__).with_name("flows"))]):
    importlib.import_module(f"{flows.__name__}.{module.name}")

SAMPLE = 5
"""Faults per flow and seed in `make test`."""
SEEDS = (1,)
"""Which samples; one that found something stays here."""


def chosen(name: str, every: list[Case]) -> list[Case]:
    picked = [one for seed in SEEDS for one in random.Random(f"{name} {seed}").sample(every, min(SAMPLE, len(every)))]
    return list(dict.fromkeys(picked))


@pytest.mark.parametrize("name", FLOWS)
def test_no_fault_at_any_call_loses_doubles_or_lies(name: str, pytestconfig: pytest.Config) -> None:
    flow = FLOWS[name]
    undisturbed = run(flow, Wire())
    assert undisturbed.broken == ()
    assert undisturbed.first == undisturbed.last
    every = cases(undisturbed.calls)
    assert every, "the flow calls nothing of AWS"
    tried = every if pytestconfig.getoption("--campaign") else chosen(name, every)
    wrong = [line for case in tried for line in findings(flow, undisturbed, case)]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
