"""Every operation of go-live with generated requests: no answer that its document does not account for."""

import boto3
import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tools.rights import declared

EXPLAINED = {
    "receive_pagerduty": "None: .*The integration key is not valid",
    "ask_cover": "(end|backEnd): ",
    "assign_item": ".*: (a probe of kind|give one of url and database|only a probe can be run)",
    "create_go_live": "zone: write a time zone",
    "put_days_off": "days.*: write a day or a span",
    "put_calendar": "zone: write a time zone|years.*: write a day or a span",
    "put_operations_contact": "zone: write a time zone",
    "put_built_in_schedule": "zone: write a time zone|(people|calendarId|liveAt): ",
    "put_operations_report": "zone: write a time zone",
    "get_operations_report": "zone: write a time zone",
    "put_date": "zone: write a time zone|start: write a local time|rule: it is no recurring rule",
    "put_schedule": "zone: write a time zone|levels.*: (write a local time|two rotations have)|levels: None",
    "list_occurrences": "to: write a time after",
    "list_overrides": "to: write a time after",
    "preview_schedule": "to: write a time after",
    "put_silence": "end: a silence ends after",
    "import_on_call": "pagerduty: give one|.*: write a (time zone|local time)",
    "judge_burn_rates": "objective: write (less|more) than|windows.*: (there are more bad|a long window has)",
    "replay_incidents": "policy: propose a|schedules.*: |to: write a time after",
    "plan_drill": "window: None|lastDay: |hours.*: (write a time zone|the hours end)",
    "plan_newcomer": "window: None|hours.*: (write a time zone|the hours end)",
    "put_drill_plan": "hours.*: (write a time zone|the hours end)",
    "put_handover": "operations: None|zone: write a time zone",
    "put_runbook": "(en|zh|minutes|steps.*): None|.*: (a probe of kind|give one of url and database)",
    "prove_recovery": ".*: (a probe of kind|give one of url and database)",
    "start_ramp": ".*: (an adapter of kind|old and new are|each step has|give latency and|give each measure)",
    "put_cutover_plan": ".*: (an adapter of kind|old and new are|each step has|give latency and|give each measure)",
    "put_objective": "target: write less than|objective: |.*: (give url, total|a latency objective)",
    "report_counts": "start: counts are|bad: there are more",
    "put_status_page": "components: a component is there twice",
    "publish_status": "state: a post of kind|endsAt: a maintenance ends|components.*: the page has no",
    "show_evidence": "value: no file was uploaded",
    "start_verification": ".*: (write a time zone|name a table, a reference or a rule|name as many columns)",
}
"""Rules over several fields."""


@pytest.mark.parametrize("operation", operations("golive"))
def test_every_answer_is_accounted_for(account: object, operation: str) -> None:
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/timers"
    account("golive", TIMERS_QUEUE_URL=queue, BUCKET_NAME="enghub-test")  # type: ignore[operator]
    boto3.client("s3").create_bucket(
        Bucket="enghub-test", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    caller = a_principal(*declared())
    found = unexplained(Gateway("golive", caller, {}), operation, EXPLAINED)
    assert not found, "\n".join(found)
