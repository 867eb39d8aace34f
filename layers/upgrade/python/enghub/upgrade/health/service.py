"""Asks every dependency at the same time, and waits for none of them longer than its time-out (UPG-20)."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

Probe = Callable[[str], str]
"""Looks at one dependency on behalf of a tenant; returns what it found, for people.

Raises:
    Exception: it does not work. Only the error's kind is told: texts of errors may hold names and addresses.
"""
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one dependency."""

    name: str
    healthy: bool
    detail: str
    milliseconds: int


def look(probes: Mapping[str, Probe], tenant_id: str, seconds: float = SECONDS) -> tuple[Finding, ...]:
    """Return the state of every dependency, in the order given; takes ``seconds`` at most."""
    pool = ThreadPoolExecutor(max_workers=len(probes))
    began = time.monotonic()
    running = {name: pool.submit(_asked, probe, tenant_id) for name, probe in probes.items()}
    found = tuple(_finding(name, future, began, seconds) for name, future in running.items())
    pool.shutdown(wait=False, cancel_futures=True)  # who hangs ends by the time-outs of its own client
    return found


def _asked(probe: Probe, tenant_id: str) -> tuple[bool, str, float]:
    try:
        detail, healthy = probe(tenant_id), True
    except Exception as error:  # whatever it is, it is the answer
        detail, healthy = _kind(error), False
    return healthy, detail, time.monotonic()


def _finding(name: str, future: "Future[tuple[bool, str, float]]", began: float, seconds: float) -> Finding:
    try:
        healthy, detail, ended = future.result(max(0.0, began + seconds - time.monotonic()))
    except TimeoutError:
        return Finding(name, False, f"no answer within {seconds:g} s", round(seconds * 1000))
    return Finding(name, healthy, detail, round((ended - began) * 1000))


def _kind(error: Exception) -> str:
    """Return an AWS error's code, else the name of the error's class."""
    answer = getattr(error, "response", None)
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    return str(code or type(error).__name__)
