"""What holds for every workflow: what the emulator ignores and AWS insists on, and the rules of ARCHITECTURE.md."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from enghub.kit.runs.history import EVENTS_OF_A_FAILED_TRY, EVENTS_OF_A_LOOP, FULL
from enghub.plm.syncs.model import BATCHES_PER_EXECUTION
from infra.sources import ROOT

FILES = sorted((ROOT / "statemachines").glob("*/*.asl.json"))
NAMES = [f"{file.parent.name}-{file.name.split('.')[0]}" for file in FILES]
CAUGHT = {"States.ALL", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout"}
"""The names of errors that mean the same on AWS and in the emulator (docs/fidelity.md, F1)."""
READS = {"dynamodb:getItem", "aws-sdk:dynamodb:query", "aws-sdk:dynamodb:batchGetItem"}


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every state with its name, those inside maps and parallels too."""
    for name, state in machine["States"].items():
        yield name, state
        for inner in [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]:
            yield from states(inner)


@pytest.fixture(params=FILES, ids=NAMES)
def machine(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return loaded


def test_it_is_written_in_jsonata(machine: dict[str, Any]) -> None:
    assert machine["QueryLanguage"] == "JSONata"
    assert not [name for name, state in states(machine) if state.get("QueryLanguage", "JSONata") != "JSONata"]


def test_every_task_has_a_literal_time_out_and_a_catch(machine: dict[str, Any]) -> None:
    tasks = {name: state for name, state in states(machine) if state["Type"] == "Task"}
    assert not [name for name, task in tasks.items() if not isinstance(task.get("TimeoutSeconds"), int)]
    assert not [name for name, task in tasks.items() if not task.get("Catch")]


def test_only_error_names_that_every_engine_knows_are_handled(machine: dict[str, Any]) -> None:
    for name, state in states(machine):
        for handler in [*state.get("Retry", ()), *state.get("Catch", ())]:
            assert set(handler["ErrorEquals"]) <= CAUGHT, name


def test_retries_back_off_with_jitter(machine: dict[str, Any]) -> None:
    for name, state in states(machine):
        for retry in state.get("Retry", ()):
            assert retry["BackoffRate"] > 1, name
            assert retry["JitterStrategy"] == "FULL", name


def test_aggregates_are_written_through_functions_only(machine: dict[str, Any]) -> None:
    for name, state in states(machine):
        if state["Type"] == "Task":
            service = (
                state["Resource"].removeprefix("arn:aws:states:::").removeprefix("arn:${AWS::Partition}:states:::")
            )
            assert (
                service.startswith(("lambda:invoke", "states:startExecution", "sqs:sendMessage")) or service in READS
            ), name


def test_names_are_sentences_that_fit(machine: dict[str, Any]) -> None:
    for name, _ in states(machine):
        assert " " in name, name
        assert len(name) <= 80, name


def test_every_way_leads_somewhere(machine: dict[str, Any]) -> None:
    def check(level: dict[str, Any]) -> None:
        targets = {level["StartAt"]}
        for state in level["States"].values():
            choices = [*state.get("Choices", ()), *state.get("Catch", ()), state, {"Next": state.get("Default")}]
            targets |= {choice["Next"] for choice in choices if choice.get("Next")}
            for inner in [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]:
                check(inner)
        assert targets == set(level["States"])

    check(machine)


def test_a_loop_counts_events_and_hands_over_before_its_history_is_full() -> None:
    counted = f"{{% $events + {EVENTS_OF_A_LOOP} + {EVENTS_OF_A_FAILED_TRY} * $states.context.State.RetryCount %}}"
    looping = {name: text for name, text in zip(NAMES, map(Path.read_text, FILES), strict=True) if "$events" in text}
    assert {name.split("-")[0] for name in looping} == {"upgrade"}
    assert len(looping) == 4
    for name, text in looping.items():
        tasks = [state for _, state in states(json.loads(text)) if "events" in state.get("Assign", {})]
        assert {task["Assign"]["events"] for task in tasks if task["Type"] == "Task"} == {counted}, name
        assert f"$events >= {FULL}" in text or '"events": "{% $events %}"' in text, name


def test_a_history_never_reaches_what_step_functions_allows() -> None:
    tries = 5  # every task of these machines is tried five times at most
    longest_loop = EVENTS_OF_A_LOOP + EVENTS_OF_A_FAILED_TRY * tries
    assert FULL + longest_loop + 100 < 25_000  # 100: the hand-over, with its retries
    assert BATCHES_PER_EXECUTION * 40 + 25 * longest_loop < 25_000
