"""The hot operations written by hand on equal footing: a validated Powertools route and the same AWS calls, no more.

What a report and a configuration read cost beyond this is the price of our own layers. The client validates no
parameters, as PynamoDB's does not; items are of the size that our stores write.
"""

import json
import os
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from botocore.config import Config
from pydantic import BaseModel

_app = APIGatewayRestResolver(enable_validation=True)
_ORDER = {"pk": {"S": "T#acme#F#sh-01#WO#WO-1"}, "sk": {"S": "WO"}}
_CONFIG_KEYS = [{"pk": {"S": f"T#acme#CONFIG#{layer}#session.policy"}, "sk": {"S": "ITEM"}} for layer in "ugt"]


@cache
def _client() -> Any:
    return boto3.client("dynamodb", config=Config(parameter_validation=False))


def _table() -> str:
    return os.environ["TABLE_NAME"]


class Report(BaseModel):
    """One validated body."""

    workOrderId: str  # noqa: N815 - the name on the wire
    goodQty: Decimal  # noqa: N815
    defectQty: Decimal  # noqa: N815
    defectTypes: list[str]  # noqa: N815
    operation: str
    station: str
    shift: str
    shiftDate: str  # noqa: N815
    reportTime: datetime  # noqa: N815
    producedBy: str  # noqa: N815


def _texts(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in values.items()}


@_app.post("/api/v1/production/report")
def _report(report: Report) -> Report:
    name = uuid.uuid4().hex
    at, now = report.reportTime.isoformat(), datetime.now(UTC).isoformat()
    key = _texts(pk=f"T#acme#F#sh-01#REPORT#{name}", sk="REPORT")
    anchors = [_texts(pk=f"T#acme#F#sh-01#ANCHOR#{report.station}#{window}", sk="ANCHOR") for window in range(3)]
    _client().batch_get_item(RequestItems={_table(): {"Keys": [_ORDER, key, *anchors], "ConsistentRead": True}})
    good, defect = {"N": str(report.goodQty)}, {"N": str(report.defectQty)}
    item = {
        **key,
        **_texts(entity="REPORT", report_id=name, client_key=name, fingerprint=name * 2, product_id="PROD-A001"),
        **_texts(work_order_id=report.workOrderId, line_id="SMT-1", station_id=report.station, shift=report.shift),
        **_texts(operation=report.operation, shift_on=report.shiftDate, produced_by=report.producedBy),
        **_texts(reported_at=at, recorded_at=now, defect_types=json.dumps(report.defectTypes)),
        **_texts(gsi1pk="T#acme#F#sh-01#SHIFT#2026-03-02#day", gsi1sk=f"{at}#{name}"),
        **_texts(gsi2pk="T#acme#F#sh-01#REPORTS#WO-1", gsi2sk=f"{at}#{name}"),
        "good": good,
        "defect": defect,
    }
    entry = {
        **_texts(pk=f"T#acme#AUDIT#report/sh-01/{name}", sk="000000000001", entity="AUDIT", hash=name * 2),
        **_texts(gsi1pk="T#acme#AUDIT#2026-03-02", gsi1sk=f"{now}#report/sh-01/{name}", previous_hash="", reason=""),
        **_texts(tenant_id="acme", factory_id="sh-01", user_id="emp-001", at=now, request_id=name, source_ip="1.2.3.4"),
        **_texts(action="report.recorded", subject=f"report/sh-01/{name}", user_agent="bench", after=json.dumps(key)),
    }
    body = json.dumps({"event_id": name, "event_type": "ProductionReported", "data": report.model_dump(mode="json")})
    message = {
        **_texts(pk=f"T#acme#OUTBOX#{name}", sk="OUTBOX", entity="OUTBOX", channel="bus", message_id=name, body=body),
        **_texts(message_type="ProductionReported", source="enghub.mes", created_at=now),
        **_texts(gsi2pk="OUTBOX#PENDING#1", gsi2sk=f"{now}#{name}"),
    }
    absent = {"ConditionExpression": "attribute_not_exists (pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    count = {
        "TableName": _table(),
        "Key": _ORDER,
        "UpdateExpression": "ADD remaining :r, good :g, defect :d",
        "ConditionExpression": "#s = :s AND remaining >= :q",
        "ExpressionAttributeNames": {"#s": "status"},
        "ExpressionAttributeValues": {
            ":r": {"N": str(-report.goodQty)},
            ":g": good,
            ":d": defect,
            ":s": {"S": "IN_PROGRESS"},
            ":q": good,
        },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    writes = [{"Put": {"TableName": _table(), "Item": one, **absent}} for one in (item, entry, message)]
    _client().transact_write_items(ClientRequestToken=name, TransactItems=[*writes, {"Update": count}])
    return report


class Answer(BaseModel):
    """What a read of a configuration item shows."""

    configKey: str  # noqa: N815 - the name on the wire
    configValue: str  # noqa: N815
    configType: str  # noqa: N815
    version: int
    updatedBy: str  # noqa: N815
    updatedAt: datetime  # noqa: N815


@_app.get("/api/v1/system-config/<name>")
def _config(name: str) -> Answer:
    found = _client().batch_get_item(RequestItems={_table(): {"Keys": _CONFIG_KEYS, "ConsistentRead": True}})
    (item,) = found["Responses"][_table()]
    return Answer(
        configKey=name,
        configValue=item["config_value"]["S"],
        configType=item["config_type"]["S"],
        version=int(item["version"]["N"]),
        updatedBy=item["updated_by"]["S"],
        updatedAt=datetime.fromisoformat(item["updated_at"]["S"]),
    )


def seed() -> None:
    """Store the order that is reported on, and the item that is read, with as many attributes as ours have."""
    order = {
        **_ORDER,
        **_texts(entity="WORK_ORDER", status="IN_PROGRESS", work_order_id="WO-1", product_id="P-1"),
    }
    order |= {name: {"N": "1000000"} for name in ("remaining", "planned_quantity", "good", "defect", "version")}
    order |= _texts(**dict.fromkeys(("created_at", "released_at", "started_at"), "2026-03-02T08:00:00.000000Z"))
    config = {**_CONFIG_KEYS[2], **_texts(entity="CONFIG", config_value='{"a": 1}', config_type="JSON", scope="GLOBAL")}
    config |= _texts(owner_tenant_id="acme", layer="tenant", config_key="session.policy", tags="[]", references="[]")
    config |= _texts(category="", description="", effective_mode="IMMEDIATE", created_by="admin", updated_by="admin")
    config |= _texts(
        created_at="2026-03-02T08:00:00.000000Z", updated_at="2026-03-02T08:00:00.000000Z", references="[]"
    )
    config |= {"version": {"N": "1"}, "is_active": {"BOOL": True}, "is_deleted": {"BOOL": False}}
    for one in (order, config):
        _client().put_item(TableName=_table(), Item=one)
    _client.cache_clear()


def report_by_hand(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Report production, by hand."""
    return _app.resolve(event, context)


def config_by_hand(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Read a configuration item, by hand."""
    return _app.resolve(event, context)
