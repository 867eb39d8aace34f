"""CPU per warm invocation and AWS calls per operation, for the hot handlers and two baselines."""

import contextlib
import importlib
import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from moto import mock_aws

from bench.replay import recording
from enghub.core.observability import logger
from tests.conftest import REGION, create_table, forget_clients
from tests.factories.http import Context

WARM_UP = 20
ROUNDS = 300


@dataclass(frozen=True)
class Case:
    """One operation: the function, what must exist before, and its event."""

    name: str
    function: str
    """``context/verb_noun``, or ``bench/…`` for a baseline."""
    event: Callable[[], dict[str, Any]]
    """Makes a new event at every call, as different as real ones are."""
    seed: Callable[[], None] = lambda: None
    environment: dict[str, str] | None = None
    limit_calls: int | None = None
    """AWS calls in sequence that the specification allows."""
    limit_ms: float | None = None
    """CPU that the specification allows on its reference machine; shown, not asserted."""
    by_hand: str | None = None
    """The same operation written by hand on equal footing, which this one is compared with."""


@dataclass(frozen=True)
class Measured:
    """What one operation costs; CPU in milliseconds."""

    case: Case
    cpu_p50_ms: float
    cpu_p99_ms: float
    calls: dict[str, int]


@contextlib.contextmanager
def _surroundings(case: Case) -> Iterator[None]:
    context = case.function.split("/")[0]
    names = {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "STAGE": "test",
        "CONTEXT": context,
        "TABLE_NAME": f"enghub-test-{context}",
        "EVENT_BUS_NAME": "enghub-test",
        "POWERTOOLS_SERVICE_NAME": "bench",
        **(case.environment or {}),
    }
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        with mock_aws():
            forget_clients()
            create_table(names["TABLE_NAME"])
            yield
    finally:
        forget_clients()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def load(function: str) -> Any:
    """Return the handler of ``context/verb_noun``, or of a baseline in bench/baselines.py or bench/by_hand.py."""
    context, name = function.split("/")
    baseline = "bench.by_hand" if name.endswith("_by_hand") else "bench.baselines"
    module = baseline if context == "bench" else f"functions.{context}.{name}.handler"
    return getattr(importlib.import_module(module), name if context == "bench" else "lambda_handler")


@contextlib.contextmanager
def lines_to(stream: io.StringIO) -> Iterator[None]:
    """Take the functions' log lines, which are made and written as in a function, away from what people read."""
    handler: Any = logger.registered_handler
    before = handler.setStream(stream)
    try:
        yield
    finally:
        handler.setStream(before)


def measure(case: Case) -> Measured:
    """Seed, record one warm invocation, then time others that replay its answers."""
    silent = io.StringIO()
    with _surroundings(case), contextlib.redirect_stdout(silent), lines_to(silent):
        case.seed()
        forget_clients()
        with recording() as tape:
            handler = load(case.function)
            for _ in ("cold", "warm"):
                tape.answers.clear()
                _must_succeed(case, handler(case.event(), Context()))
            calls = dict(tape.calls)
            tape.replaying = True
            times = []
            for number in range(WARM_UP + ROUNDS):
                tape.restart()
                event = case.event()
                started = time.process_time_ns()
                handler(event, Context())
                spent = time.process_time_ns() - started
                if number >= WARM_UP:
                    times.append(spent / 1e6)
                silent.seek(0)
                silent.truncate()
    times.sort()
    return Measured(case, statistics.median(times), times[int(len(times) * 0.99)], calls)


def _must_succeed(case: Case, answer: Any) -> None:
    status = answer.get("statusCode", 200) if isinstance(answer, dict) else 200
    failed = isinstance(answer, dict) and answer.get("batchItemFailures")
    if status >= 400 or failed:
        message = f"{case.name}: {answer}"
        raise RuntimeError(message)
