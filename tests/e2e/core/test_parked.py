"""What fails for good, through the deployed hub: parked under its own role, decided about by API (Must show 5)."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from enghub.core.clock import system_clock, to_text
from enghub_cli.context import Cloud
from tests.waiting import until

pytestmark = pytest.mark.e2e
PATH = "/api/v1/parked/mes"
TENANTS = 20


def pending(tenant: str, channel: str, shard: int, age: timedelta) -> dict[str, Any]:
    """An outbox item that the stream left behind."""
    number, made = uuid4().hex, to_text(system_clock() - age)
    body = {
        "event_id": number,
        "event_type": "DefectReported",
        "timestamp": made,
        "tenant_id": tenant,
        "factory_id": "f1",
        "source_service": "enghub.mes",
        "data": {"produced_by": "emp-1"},
        "version": "1.0",
    }
    texts = {
        "pk": f"T#{tenant}#OUTBOX#{number}",
        "sk": "OUTBOX",
        "entity": "LEFT_BEHIND",
        "channel": channel,
        "message_id": number,
        "message_type": "DefectReported",
        "source": "enghub.mes",
        "body": json.dumps(body),
        "created_at": made,
        "subject": f"{tenant}/WO-1",
        "gsi2pk": f"OUTBOX#PENDING#{shard}",
        "gsi2sk": f"{made}#{number}",
    }
    return {name: {"S": text} for name, text in texts.items()}


def sweep(cloud: Cloud) -> dict[str, Any]:
    answer = cloud.client("lambda").invoke(FunctionName="enghub-local-mes-sweep-outbox", Payload=b"{}")
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "errorMessage" not in result, result
    return result


def tenants_waiting(cloud: Cloud) -> set[str]:
    pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName="enghub-local-mes")
    found = [item for page in pages for item in page["Items"] if item["entity"]["S"] == "LEFT_BEHIND"]
    return {item["pk"]["S"].split("#")[1] for item in found}


def test_poison_holds_up_nobody_and_is_parked_shown_and_sent_again(cloud: Cloud) -> None:
    table = cloud.client("dynamodb")
    hour = timedelta(hours=1)
    for number in range(TENANTS):
        item = pending(f"t{number}", "bus", number % 16, hour)
        table.put_item(TableName="enghub-local-mes", Item=item)
    for shard in range(16):
        table.put_item(TableName="enghub-local-mes", Item=pending("poisoned", "nowhere", shard, 2 * hour))
    sweep(cloud)
    assert tenants_waiting(cloud) == {"poisoned"}
    for _ in range(8):
        sweep(cloud)
    token = cloud.token(tenant="poisoned", factories=("f1",), user="ops", roles=("TENANT_ADMIN",))
    with cloud.http(token) as client:
        found = client.get(PATH).json()["data"]["items"]
        assert found, "nothing is parked"
        assert {message["reason"] for message in found} == {"no queue is named nowhere"}
        shown = client.get(f"{PATH}/{found[0]['id']}").json()["data"]
        assert shown["body"]["data"] == {"produced_by": "***"}
        assert client.post(f"{PATH}/{found[0]['id']}/redrive").json()["data"]["status"] == "REDRIVEN"


def test_a_dead_letter_is_parked_and_goes_back_to_its_consumer(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    tenant = f"dead-{uuid4().hex[:6]}"
    event = {"event_id": uuid4().hex, "event_type": "WorkOrderReleased", "tenant_id": tenant, "data": {}}
    body = {"detail-type": "WorkOrderReleased", "source": "enghub.mes", "detail": event}
    url = sqs.get_queue_url(QueueName="enghub-local-mes-update-shift-board-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    token = cloud.token(tenant=tenant, factories=("f1",), user="ops", roles=("TENANT_ADMIN",))
    with cloud.http(token) as client:
        (message,) = until(lambda: client.get(PATH).json()["data"]["items"])
        assert (message["consumer"], message["messageType"]) == ("update_shift_board", "WorkOrderReleased")
        discarded = client.post(f"{PATH}/{message['id']}/discard", json={"reason": "made by a test"})
        assert discarded.json()["data"]["status"] == "DISCARDED", discarded.text
        assert client.get(PATH, params={"status": "DISCARDED"}).json()["data"]["items"][0]["closedBy"] == "ops"
