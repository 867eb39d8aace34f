"""What failed for good: out of a dead-letter queue into the table, sent again, given up."""

import json
from typing import Any

from enghub.core.parked import dynamo as parked
from enghub.core.parked.model import Status
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request, invoke
from tests.factories.stored import waiting
from tests.faults.harness import Flow, register

QUEUE = "enghub-test-mes-update-shift-board-dead"
CONSUMER = {"consumer": "update_shift_board", "channel": "update_shift_board"}
ENVIRONMENT = {"DEAD_LETTERS": json.dumps({QUEUE: CONSUMER})}
EVENT = {"event_id": "e-1", "event_type": "ProductionReported", "tenant_id": "acme", "data": {}}
DEAD = {
    "messageId": "m-1",
    "body": json.dumps({"detail-type": "ProductionReported", "source": "enghub.mes", "detail": EVENT}),
    "attributes": {"ApproximateReceiveCount": "5"},
    "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{QUEUE}",
}
OPERATOR = a_principal("parked_message:redrive", "parked_message:discard")


def nobody() -> str:
    return ""


def park(_: str) -> list[str]:
    answer = load_handler("core", "park_dead_letters")({"Records": [DEAD]}, Context())
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def one_parked() -> str:
    park("")
    return the_message(Status.PARKED)


def the_message(status: Status) -> str:
    (message,) = parked.find("acme", status, 10, None)[0]
    return message.parked_id


def decide(parked_id: str, decision: str, body: Any = None) -> Any:
    request = a_request("POST", f"/api/v1/parked/mes/{parked_id}/{decision}", body, caller=OPERATOR)
    return invoke(load_handler("core", "manage_parked"), request)


def is_parked_once(_: str) -> None:
    the_message(Status.PARKED)
    assert parked.waiting() == 1


def is_sent_once(_: str) -> None:
    the_message(Status.REDRIVEN)
    assert ([record.channel for record in waiting()], parked.waiting()) == (["update_shift_board"], 0)


def is_given_up(_: str) -> None:
    the_message(Status.DISCARDED)
    assert (waiting(), parked.waiting()) == ([], 0)


register(Flow("park a dead letter", "mes", nobody, park, must=is_parked_once, environment=ENVIRONMENT))
register(
    Flow(
        "send a parked message again",
        "mes",
        one_parked,
        lambda parked_id: decide(parked_id, "redrive"),
        must=is_sent_once,
        environment=ENVIRONMENT,
    )
)
register(
    Flow(
        "give a parked message up",
        "mes",
        one_parked,
        lambda parked_id: decide(parked_id, "discard", {"reason": "done by hand"}),
        must=is_given_up,
        environment=ENVIRONMENT,
    )
)
