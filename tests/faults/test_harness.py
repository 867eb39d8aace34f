"""The harness sees what it is there for: flows made wrong on purpose."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import audit, ids
from enghub.core.commits import AuditEntry, Link
from enghub.core.transactions import transact
from tests.conftest import REGION
from tests.factories.http import an_origin
from tests.faults.harness import Ended, Flow, arranged, cases, findings, pairs
from tests.faults.wire import Fault, Wire

TABLE = "enghub-test-mes"


def put(key: str, entity: str = "THING") -> None:
    item = {"pk": {"S": key}, "sk": {"S": "1"}, "entity": {"S": entity}}
    boto3.client("dynamodb", REGION).put_item(TableName=TABLE, Item=item)


def twice(_: None) -> Any:
    """Two writes that are not one transaction, the second under a new key each time."""
    try:
        put("order")
        put(ids.new_id())
    except (BotoCoreError, ClientError):
        return 503, {}
    return 201, {}


def blaming(_: None) -> Any:
    try:
        put("order")
    except (BotoCoreError, ClientError):
        return 422, {"message": "your order is wrong"}
    return 201, {}


def right(_: None) -> Any:
    try:
        put("order")
    except (BotoCoreError, ClientError):
        return 503, {}
    return 201, {}


def found(act: Any, **options: Any) -> list[str]:
    flow = Flow("made up", "mes", lambda: None, act, **options)
    with arranged(flow) as run:
        undisturbed = run(Wire())
        return [line for case in cases(undisturbed.calls) for line in findings(flow, run, undisturbed, case)]


def ended(flow: Flow[Any]) -> Ended:
    with arranged(flow) as run:
        return run(Wire())


def test_a_flow_that_is_right_has_no_findings() -> None:
    assert found(right) == []


def test_a_write_that_is_done_twice_is_found() -> None:
    assert {line.partition(":")[0] for line in found(twice) if "too much" in line} == {
        "made up, lost after at call 2 (dynamodb.PutItem)",
        "made up, gone after at call 2 (dynamodb.PutItem)",
    }


def test_an_outage_told_as_the_callers_fault_is_found() -> None:
    assert any("throttled" in line and "is told [422" in line for line in found(blaming))


def forgetful(_: None) -> Any:
    """What is right while only one thing goes wrong: the second try takes it that the first was heard."""
    forgetful_tries.append(1)
    try:
        put("order")
    except (BotoCoreError, ClientError):
        return (503 if len(forgetful_tries) == 1 else 422), {}
    return 201, {}


forgetful_tries: list[int] = []


def test_what_only_two_faults_show_is_found() -> None:
    flow = Flow("made up", "mes", forgetful_tries.clear, forgetful)
    with arranged(flow) as run:
        undisturbed = run(Wire())
        every = cases(undisturbed.calls)
        assert [line for case in every for line in findings(flow, run, undisturbed, case)] == []
        twice = [case for seed in "abc" for case in pairs(every, seed)]
        second = [line for case in twice for line in findings(flow, run, undisturbed, case)]
    assert any("then" in line and "answers [422" in line for line in second)


def test_a_known_finding_is_not_told() -> None:
    assert found(blaming, known="422") == [line for line in found(blaming) if "422" not in line]


def test_what_must_be_true_is_looked_at() -> None:
    def must(_: None) -> None:
        raise AssertionError("never")

    assert ended(Flow("made up", "mes", lambda: None, right, must=must)).broken == ("AssertionError: never",)


def test_a_hole_in_an_audit_chain_is_found() -> None:
    def append(number: int) -> None:
        link = Link(number - 1, "somewhere else" if number > 1 else "")
        transact(audit.to_put(AuditEntry(an_origin(), "thing.made", "thing/-/1", None, {"n": number}, link)))

    def act(_: None) -> None:
        append(1)
        append(2)

    (broken,) = ended(Flow("made up", "mes", lambda: None, act)).broken
    assert broken == "the audit of thing/-/1 does not hold from entry 2 on"


@pytest.mark.parametrize(
    ("fault", "operation", "fits"),
    [
        (Fault.CANCELLED, "dynamodb.TransactWriteItems", True),
        (Fault.CANCELLED, "dynamodb.GetItem", False),
        (Fault.PARTIAL, "events.PutEvents", True),
        (Fault.PARTIAL, "dynamodb.TransactWriteItems", False),
        (Fault.THROTTLED, "secrets-manager.GetSecretValue", True),
    ],
)
def test_a_fault_fits_the_calls_that_can_have_it(fault: Fault, operation: str, fits: bool) -> None:
    assert fault.fits(operation) is fits
