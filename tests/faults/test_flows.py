"""All flows, with every fault at every call in a campaign (`make campaign`), with some of them in `make test`.

A campaign counts what it ran in `.build/faults`, a file for each seed and flow, and goes on where it was broken off:
what had no findings on the same commit, with nothing changed since, is not run again.
"""

import importlib
import pkgutil
import random
import subprocess
from functools import cache
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


def account(name: str, config: pytest.Config) -> Path | None:
    """Return where a campaign counts what it ran of a flow; None in `make test`."""
    if not config.getoption("--campaign"):
        return None
    folder = BUILD / "faults" / f"seed-{config.getoption('--seed')}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.txt"


@cache
def commit() -> str:
    """Return the commit that is tried, or nothing where something was changed since."""
    changed, head = (
        subprocess.run(["git", *words], cwd=BUILD.parent, capture_output=True, text=True, check=True).stdout.strip()
        for words in (("status", "--porcelain"), ("rev-parse", "HEAD"))
    )
    return "" if changed else head


@pytest.mark.parametrize("name", FLOWS)
def test_no_fault_at_any_call_loses_doubles_or_lies(name: str, pytestconfig: pytest.Config) -> None:
    counted = account(name, pytestconfig)
    if (
        counted is not None
        and counted.exists()
        and counted.read_text("utf-8").endswith(f", 0 findings at {commit()}\n")
    ):
        return
    flow = FLOWS[name]
    with arranged(flow) as run:
        undisturbed = run(Wire())
        assert undisturbed.broken == ()
        assert len(undisturbed.answers) == 1
        every = cases(undisturbed.calls)
        assert every, "the flow calls nothing of AWS"
        wanted = tried(flow, every, pytestconfig)
        wrong = [line for case in wanted for line in findings(flow, run, undisturbed, case)]
    if counted is not None:
        told = f"{name}: {len(wanted)} combinations, {len(wrong)} findings at {commit() or 'no commit'}\n"
        counted.write_text(told, "utf-8")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
