"""Every flow, with every fault at every call: nothing lost, nothing doubled, no audit without change, nothing untrue.

A flow says what is there (`arrange`), what is done (`act`), what then happens by itself (`settle`) and what must be
true in the end (`must`). It is arranged once; from there it runs once undisturbed, and once per call and fault. After
a fault whoever called calls again, as clients, queues and state machines do. What then lies in the table, and what was
answered, must equal the undisturbed run; what was answered in between must not blame the caller for an outage.
"""

import json
import logging
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from enghub.core import audit, clock
from enghub.core.dynamo import table
from tests.conftest import accounts, forget_clients
from tests.factories.faults import Crash
from tests.faults.children import in_a_child
from tests.faults.wire import Fault, Wire, wired
from tests.waiting import instead_of_sleeping

S = TypeVar("S")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""When each run begins: one that meets midnight differs from one that does not."""
CALLS_AGAIN = 6
"""So often whoever called calls again."""
VOLATILE = [
    (re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "<time>"),
    (re.compile(r"\b1[789]\d{8}(\.\d+)?\b"), "<epoch>"),
    (re.compile(r"\b(OUTBOX#PENDING)#\d+"), r"\1#<shard>"),
]
"""What differs between two runs of the same."""
NOT_COMPARED = {"REFUSAL", "UPGRADE_LOG"}
"""What tells of the fault, as it should: refusals, and what an engine logs."""


def nothing(_: Any) -> None:
    """Nothing happens."""


@dataclass(frozen=True)
class Flow(Generic[S]):
    """One thing that the product does, as whoever starts it sees it."""

    name: str
    context: str
    """Whose table and environment it runs on."""
    arrange: Callable[[], S]
    """Make what must be there; no fault happens yet."""
    act: Callable[[S], Any]
    """Do it, and return what was answered: (status, body) of a request, the messages given back by a queue's consumer,
    the result of a task. Called again after a fault, with the same state."""
    settle: Callable[[S], Any] = nothing
    """What happens by itself afterwards: redelivery, sweeps; no fault any more."""
    must: Callable[[S], Any] = nothing
    """What must be true in the end."""
    environment: Mapping[str, str] = field(default_factory=dict)
    around: Callable[[], Any] | None = None
    """A context manager to hold while the flow is arranged and run, for stand-ins; without threads and sockets."""
    folder: Path | None = None
    """What it keeps outside of AWS; put back for each run."""
    counts: frozenset[str] = frozenset()
    """Attributes that count tries and changes, which a try after a fault may raise; the rest is compared."""
    volatile: tuple[str, ...] = ()
    """Patterns of what else differs between two runs."""
    also: int = 0
    """A status that may answer a repeat of what was done instead of the first answer."""
    known: str = ""
    """Findings that match are a known defect: not told, but its end is."""


FLOWS: dict[str, Flow[Any]] = {}


def register(flow: Flow[S]) -> Flow[S]:
    """Add a flow to those that every campaign runs."""
    assert flow.name not in FLOWS, flow.name
    FLOWS[flow.name] = flow
    return flow


@dataclass(frozen=True)
class Gone:
    """The process died."""


@dataclass(frozen=True)
class Raised:
    """The function raised."""

    error: str


@dataclass(frozen=True)
class Case:
    """One fault at one call, and perhaps one more while it is called again."""

    number: int
    operation: str
    fault: Fault
    then: tuple[int, Fault] | None = None

    def __str__(self) -> str:
        first = f"{self.fault} at call {self.number} ({self.operation})"
        return first if self.then is None else f"{first}, then {self.then[1]} at call {self.then[0]}"

    @property
    def faults(self) -> dict[int, Fault]:
        """Return the faults by the number of their call."""
        return dict([(self.number, self.fault), *([self.then] if self.then else [])])


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    answers: tuple[str, ...]
    """What was answered each time; all but the last while faults happened."""
    calls: tuple[str, ...]
    """Of AWS, until the first answer."""
    kept: tuple[str, ...]
    """What lies in the table, without what differs between runs."""
    broken: tuple[str, ...]
    """Assertions that failed, and audit chains that do not hold."""


@contextmanager
def arranged(flow: Flow[Any]) -> Iterator[Callable[[Wire], Ended]]:
    """Arrange a flow on a new account; each call then runs it from there, in a process of its own that is gone after.

    So what is arranged is paid once, however many faults are tried, and no run sees what another one did.
    """
    with ExitStack() as held:
        logging.disable()
        held.callback(logging.disable, logging.NOTSET)
        patch = held.enter_context(pytest.MonkeyPatch.context())
        instead_of_sleeping(patch)
        watch = _Watch()
        patch.setattr(clock, "_now", lambda _: NOON + timedelta(seconds=watch.seconds()))
        held.enter_context(accounts(patch))(flow.context, **flow.environment)
        if flow.around is not None:
            held.enter_context(flow.around())
        forget_process()
        state = flow.arrange()
        watch.stop()
        put_back = held.enter_context(_kept_aside(flow.folder))

        def run_from_here(wire: Wire) -> Ended:
            put_back()
            return in_a_child(partial(_run, flow, state, wire, watch))

        yield run_from_here


def _run(flow: Flow[Any], state: Any, wire: Wire, watch: "_Watch") -> Ended:
    watch.go_on()
    with wired(wire):
        answers = [_attempt(flow, state)]
        calls = tuple(wire.calls)
        while not _is_answer(answers[-1]) and len(answers) <= CALLS_AGAIN:
            answers.append(_attempt(flow, state))
    broken = [*_checked(flow.settle, state), *_checked(flow.must, state)]
    items = list(_items())
    broken += _chains(items)
    return Ended(tuple(map(_plain, answers)), calls, tuple(_kept(flow, items)), tuple(broken))


class _Watch:
    """Seconds since a flow began to be arranged; between that and a run, which may come much later, it stands."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._stands_at: float | None = None

    def seconds(self) -> float:
        return time.monotonic() - self._begun if self._stands_at is None else self._stands_at

    def stop(self) -> None:
        self._stands_at = self.seconds()

    def go_on(self) -> None:
        self._begun, self._stands_at = time.monotonic() - self.seconds(), None


@contextmanager
def _kept_aside(folder: Path | None) -> Iterator[Callable[[], None]]:
    """Keep a copy of what was arranged outside of AWS; call to put it back."""
    if folder is None:
        yield lambda: None
        return
    with tempfile.TemporaryDirectory() as aside:
        shutil.copytree(folder, aside, dirs_exist_ok=True)

        def put_back() -> None:
            shutil.rmtree(folder)
            shutil.copytree(aside, folder)

        yield put_back


def _attempt(flow: Flow[Any], state: Any) -> Any:
    try:
        return flow.act(state)
    except Crash:
        forget_process()
        return Gone()
    except Exception as error:
        return Raised(f"{type(error).__name__}: {error}")


def retried(task: Callable[[], Any]) -> Any:
    """Call a state machine's task as it does: again after whatever went wrong (Retry on States.ALL)."""
    for _ in range(CALLS_AGAIN):
        try:
            return task()
        except (Exception, Crash):
            forget_process()
    return task()


def forget_process() -> None:
    """Drop all that a process keeps between calls: clients, and what the composition roots made."""
    forget_clients()
    for name, module in list(sys.modules.items()):
        if name.startswith("enghub.") and name.endswith("wiring"):
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()


def _is_answer(outcome: Any) -> bool:
    """Tell whether nobody would call again: not after an outage, not with messages given back."""
    match outcome:
        case Gone() | Raised():
            return False
        case (int(status), _):
            return status < 500
        case list():
            return not outcome
    return True


def _checked(check: Callable[[Any], Any], state: Any) -> Iterator[str]:
    try:
        check(state)
    except Exception as error:
        yield f"{type(error).__name__}: {str(error)[:300] or 'see the flow'}"


def _items() -> Iterator[dict[str, Any]]:
    start: Any = None
    while True:
        page = table().scan(exclusive_start_key=start)
        yield from page["Items"]
        start = page.get("LastEvaluatedKey")
        if start is None:
            return


def _kept(flow: Flow[Any], items: list[dict[str, Any]]) -> list[str]:
    found = [item for item in items if item["entity"]["S"] not in NOT_COMPARED]
    texts = (_plain({name: value for name, value in item.items() if name not in flow.counts}) for item in found)
    return sorted(reduce(lambda text, pattern: re.sub(pattern, "", text), flow.volatile, text) for text in texts)


def _chains(items: list[dict[str, Any]]) -> Iterator[str]:
    """Yield every audit chain that has a hole, or a link that does not fit."""
    entries = [item for item in items if item["entity"]["S"] == "AUDIT"]
    for tenant, subject in sorted({(entry["tenant_id"]["S"], entry["subject"]["S"]) for entry in entries}):
        if (number := audit.broken_at(audit.history(tenant, subject))) is not None:
            yield f"the audit of {subject} does not hold from entry {number} on"


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    for pattern, name in VOLATILE:
        text = pattern.sub(name, text)
    return text


def cases(calls: tuple[str, ...]) -> list[Case]:
    """Return every fault at every call."""
    return [
        Case(number, operation, fault)
        for number, operation in enumerate(calls, 1)
        for fault in Fault
        if fault.fits(operation)
    ]


def pairs(every: list[Case], seed: str) -> list[Case]:
    """Return each case with a second fault, at a call that the seed draws among those that then come."""
    follow = [fault for fault in Fault if fault.fits("any.Call")]
    drawn = ((case, random.Random(f"{seed} {case}")) for case in every)
    return [
        replace(case, then=(case.number + draw.randint(1, every[-1].number), draw.choice(follow)))
        for case, draw in drawn
    ]


def findings(flow: Flow[Any], run: Callable[[Wire], Ended], undisturbed: Ended, case: Case) -> list[str]:
    """Run an arranged flow with a fault and return what is wrong, one line each."""
    ended = run(Wire(case.faults))
    wrong = [*ended.broken]
    last, during = ended.answers[-1], ended.answers[: max(1, len(ended.answers) - 1)]
    (wanted,) = undisturbed.answers
    if last != wanted and not last.startswith(f"[{flow.also}, "):
        wrong.append(f"answers {last[:200]}, not {wanted[:200]}")
    wrong += [lie for answer in during if (lie := _lie(answer, wanted))]
    was, now = Counter(undisturbed.kept), Counter(ended.kept)
    wrong += [f"lost: {_named(item)}" for item in was - now]
    wrong += [f"too much: {_named(item)}" for item in now - was]
    return [f"{flow.name}, {case}: {line}" for line in wrong if not flow.known or not re.search(flow.known, line)]


def _named(item: str) -> str:
    """Return an item for a person: its kind and key, then the rest."""
    names = [found[1] for name in ("entity", "pk", "sk") if (found := re.search(rf'"{name}": {{"S": "([^"]*)"', item))]
    return f"{' '.join(names)}: {item[:300]}"


def _lie(first: str, wanted: str) -> str | None:
    """Return what is wrong about the answer to a request during the fault: only 503 may stand for the wanted one."""
    status = re.match(r"\[(\d{3}), ", first)
    if status is None or first == wanted or status[1] == "503":
        return None
    return f"is told {first[:200]}"
