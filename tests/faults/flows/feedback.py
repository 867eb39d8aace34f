"""Quality feedback: issues counted, rules put, a complaint recorded, the feedback of a day made and told (PLM-16)."""

import json
from pathlib import Path
from typing import Any

from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import call, handler, put_secrets, queued
from tests.faults.harness import Flow, register

QUALITY = a_principal("feedback:read", "feedback:change", "plm_setup:change")
BASE = "/api/v1/plm/feedback"
DEFECTS = Path(__file__).parents[3] / "events" / "published" / "DefectReported.1.0.json"


def hear(numbers: range) -> list[str]:
    told = json.loads(DEFECTS.read_text("utf-8"))
    failed = []
    for number in numbers:
        said = {**told["data"], "product_id": "CAR", "defect_types": ["DESIGN-GAP"]}
        event = {**told, "event_id": f"01KK6D3Z1N8V6T3P2M1ZX{number:05d}", "data": said}
        body = {"detail-type": "DefectReported", "detail": event}
        failed += handler("count_quality_issues")(queued(body), Context())["batchItemFailures"]
    return [json.dumps(one) for one in failed]


def counted() -> None:
    put_secrets()
    assert hear(range(6)) == []


def run(_: Any = None) -> list[str]:
    command = {"message_id": "m-1", "tenant_id": "acme", "payload": {"day": "2026-03-09"}}
    failed = handler("run_feedback")(queued(command), Context())["batchItemFailures"]
    return [json.dumps(one) for one in failed]


def put_rules(_: Any) -> Any:
    return call(
        "change_feedback", a_request("PUT", f"{BASE}/rules", {"zone": "Asia/Shanghai", "revision": 1}, caller=QUALITY)
    )


def complain(_: Any) -> Any:
    body = {"productCode": "CAR", "foundOn": "2026-03-01", "source": "FIELD", "cause": "DESIGN-GAP", "quantity": 3}
    headers = {"Idempotency-Key": "complaint-1"}
    return call("change_feedback", a_request("POST", f"{BASE}/issues", body, caller=QUALITY, headers=headers))


register(Flow("count quality issues", "plm", put_secrets, lambda _: hear(range(2))))
register(Flow("put the rules of feedback", "plm", counted, put_rules))
register(Flow("record a complaint", "plm", put_secrets, complain))
register(Flow("make the feedback of a day", "plm", counted, run))
