"""Engineering changes through their functions, down to the table (PLM-06 to PLM-08)."""

import base64
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from pynamodb.connection.base import Connection

from enghub.core import aggregates, audit
from enghub.core.clock import system_clock, to_text
from enghub.core.dynamo import Attr, table
from enghub.core.transactions import transact
from enghub.plm.changes import wiring
from enghub.plm.changes.api import ChangeNotification
from tests.factories.http import a_principal, a_request, an_origin
from tests.factories.plm import (
    ENGINEER,
    PREVIOUS,
    SECRET,
    STRANGER,
    WEBHOOK,
    a_notification,
    call,
    deliver,
    get,
    post,
    process,
    signature,
)
from tests.factories.stored import commands, items
from tests.factories.stored import events as all_events
from tests.functional.plm.conftest import in_threads


def events(event_type: str | None = None) -> list[dict[str, Any]]:
    """Return the events but those that ask for a notice."""
    return [event for event in all_events(event_type) if event["event_type"] != "NoticeRequested"]


def refusals(tenant: str) -> list[Any]:
    return audit.refusals(tenant, system_clock().strftime("%Y-%m-%d"))


def nothing_is_stored() -> bool:
    return not items("CHANGE_ORDER") and not items("OUTBOX") and not items("AUDIT")


# --- the webhook ---


def test_a_signed_notification_is_accepted_and_stored_with_its_command() -> None:
    status, body = deliver(a_notification())
    assert (status, body["data"]) == (202, {"status": "accepted", "ecnNumber": "ECN-2026-0042"})
    (order,) = items("CHANGE_ORDER")
    assert (order["processing"], order["tenant_id"], order["connection"]) == ("RECEIVED", "acme", "default")
    assert json.loads(order["affected_products"]) == ["SNS-4000-0001", "SNS-4000-0009"]
    assert [command["payload"] for command in commands("process_change")] == [{"ecn_number": "ECN-2026-0042"}]


def test_the_same_ecn_again_has_no_second_effect() -> None:
    deliver(a_notification())
    status, body = deliver(a_notification())
    assert (status, body["data"]["status"]) == (200, "alreadyProcessed")
    assert len(items("CHANGE_ORDER")) == len(commands("process_change")) == len(items("AUDIT")) == 1


def test_a_change_whose_command_was_lost_is_commanded_again_by_its_next_delivery() -> None:
    """Its command lies in the dead-letter queue: the order must not wait for ever (C12)."""
    deliver(a_notification())
    lost = commands("process_change")
    (order,) = items("CHANGE_ORDER")
    a_while_ago = Attr("received_at").set(to_text(system_clock() - timedelta(minutes=6)))
    table().update_item(order["pk"], range_key=order["sk"], actions=[a_while_ago])
    assert deliver(a_notification())[1]["data"]["status"] == "alreadyProcessed"
    again = [command for command in commands("process_change") if command not in lost]
    assert [command["payload"] for command in again] == [lost[0]["payload"]]
    process(*again)
    assert items("CHANGE_ORDER")[0]["processing"] == "PROCESSED"
    deliver(a_notification())
    assert len(commands("process_change")) == 2, "what is processed is commanded no more"


def test_a_change_whose_command_was_lost_can_be_tried_again() -> None:
    accept()
    assert post("retry_change", RETRY, {"reason": "its command was discarded"})[0] == 202
    process(*commands("process_change"))
    assert items("CHANGE_ORDER")[0]["processing"] == "PROCESSED"
    assert [event["event_type"] for event in events()] == ["ChangePointCreated"]


def test_the_same_ecn_of_another_tenant_is_another_change() -> None:
    other = {"tenantId": "globex", "secrets": ["other"]}
    boto3.client("secretsmanager").create_secret(
        Name="enghub/test/plm/webhook/globex-plm", SecretString=json.dumps(other)
    )
    assert deliver(a_notification())[0] == 202
    assert deliver(a_notification(), "other", X_PLM_Connection="globex-plm")[0] == 202
    assert [order["tenant_id"] for order in items("CHANGE_ORDER")] == ["acme", "globex"]


def test_the_previous_secret_counts_while_secrets_rotate() -> None:
    assert deliver(a_notification(), PREVIOUS)[0] == 202


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_a_body_in_base64_is_verified_over_its_bytes(content_type: str) -> None:
    text = json.dumps(a_notification(), ensure_ascii=False)
    event = a_request("POST", WEBHOOK, headers={"x-plm-signature": signature(text), "content-type": content_type})
    event |= {"body": base64.b64encode(text.encode()).decode(), "isBase64Encoded": True}
    assert call("receive_change_notification", event)[0] == 202


@pytest.mark.parametrize(
    ("secret", "headers", "tenant", "why"),
    [
        (None, {}, "acme", "SIGNATURE_MISSING"),
        ("wrong", {}, "acme", "SIGNATURE_WRONG"),
        (None, {"X_PLM_Signature": "é" * 64}, "acme", "SIGNATURE_WRONG"),
        (SECRET, {"X_PLM_Connection": "nobody"}, "-", "CONNECTION_UNKNOWN"),
        (SECRET, {"X_PLM_Connection": "../api/default"}, "-", "CONNECTION_MALFORMED"),
        (SECRET, {"X_PLM_Connection": "DEFAULT"}, "-", "CONNECTION_MALFORMED"),
        (SECRET, {"X_PLM_Timestamp": "1772438400"}, "acme", "SIGNATURE_WRONG"),
    ],
)
def test_an_unproven_notification_is_refused_and_audited_and_nothing_is_written(
    secret: str | None, headers: dict[str, str], tenant: str, why: str
) -> None:
    status, body = deliver(a_notification(), secret, **headers)
    assert (status, body["code"], body["details"]) == (401, "40101", {"error": "SIGNATURE_REFUSED"})
    assert why not in str(body)
    (refusal,) = refusals(tenant)
    assert (refusal.error, refusal.detail, refusal.path) == ("SIGNATURE_REFUSED", why, WEBHOOK)
    assert nothing_is_stored()


def test_a_body_changed_by_one_byte_is_refused() -> None:
    text = json.dumps(a_notification())
    assert deliver(text + " ", None, X_PLM_Signature=signature(text))[0] == 401


def stamped(text: str, seconds: float, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int((system_clock() + timedelta(seconds=seconds)).timestamp()))
    return {"X_PLM_Timestamp": timestamp, "X_PLM_Signature": signature(f"{timestamp}.{text}", secret)}


@pytest.mark.parametrize(("seconds", "status"), [(0, 202), (-290, 202), (290, 202), (-310, 401), (310, 401)])
def test_a_signed_timestamp_closes_the_replay_window_on_both_sides(seconds: float, status: int) -> None:
    text = json.dumps(a_notification())
    assert deliver(text, None, **stamped(text, seconds))[0] == status


def test_a_signature_over_the_timestamp_does_not_pass_without_it() -> None:
    text = json.dumps(a_notification())
    headers = stamped(text, 0)
    assert deliver(text, None, X_PLM_Signature=headers["X_PLM_Signature"])[0] == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ("[]", "body"),
        ('{"ecnNumber": "A", "ecnNumber": "B"}', "body"),
        (json.dumps({**a_notification(), "ecnNumber": None}), "ecnNumber"),
        (json.dumps({**a_notification(), "ecnNumber": "ECN/1"}), "ecnNumber"),
        (json.dumps({**a_notification(), "ecnNumber": "E" * 51}), "ecnNumber"),
        (json.dumps({**a_notification(), "effectiveDate": "2026-02-30"}), "effectiveDate"),
        (json.dumps({**a_notification(), "effectiveDate": 20260401}), "effectiveDate"),
        (json.dumps({**a_notification(), "affectedProducts": "SNS-1"}), "affectedProducts"),
        (json.dumps({**a_notification(), "surprise": 1}), "surprise"),
        ('{"ecnNumber": "ECN-1", "ecnTitle": "\\ud800", "ecnType": "T", "affectedProducts": []}', "ecnTitle"),
        *(
            (json.dumps({name: value for name, value in a_notification().items() if name != missing}), missing)
            for missing in ("ecnNumber", "ecnTitle", "ecnType", "affectedProducts")
        ),
    ],
)
def test_a_signed_body_that_makes_no_sense_is_refused_with_the_field_named(body: str, field: str) -> None:
    status, answer = deliver(body)
    assert (status, answer["code"]) == (400, "40001")
    assert answer["details"]["field"] == field
    assert nothing_is_stored()


def test_what_is_not_signed_is_not_even_parsed() -> None:
    assert deliver("{", None)[0] == 401


def test_a_body_over_128_kb_is_refused() -> None:
    status, answer = deliver(a_notification(changeDescription="x" * 128 * 1024))
    assert (status, answer["details"]["limitBytes"]) == (413, 131072)
    assert nothing_is_stored()


def test_a_lost_answer_does_not_turn_an_accepted_change_into_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The write is applied, its answer is lost, the SDK sends it again: the caller still hears accepted."""
    sent = Connection.transact_write_items
    calls = []

    def twice(self: Connection, *args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        sent(self, *args, **kwargs)
        return sent(self, *args, **kwargs)

    monkeypatch.setattr(Connection, "transact_write_items", twice)
    status, body = deliver(a_notification())
    assert calls == [1]
    assert (status, body["data"]["status"]) == (202, "accepted")
    assert len(items("CHANGE_ORDER")) == len(commands("process_change")) == 1


def test_accepting_is_one_call_to_dynamodb(monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(a_notification("ECN-WARM"))
    called: list[str] = []
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        called.append(operation)
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    assert deliver(a_notification())[0] == 202
    assert called == ["TransactWriteItems"]


@pytest.mark.usefixtures("atomic")
def test_fifty_deliveries_at_once_make_one_change_order() -> None:
    notification, answers = ChangeNotification.model_validate(a_notification()).to_notification(), []
    in_threads(lambda: answers.append(wiring.changes().receive(notification, "default", an_origin())), 50)
    assert sorted(answers) == ["accepted"] + ["alreadyProcessed"] * 49
    assert len(items("CHANGE_ORDER")) == len(commands("process_change")) == 1


# --- processing ---


def accept(ecn: str = "ECN-2026-0042", **fields: Any) -> dict[str, Any]:
    """Deliver a change and return its command."""
    assert deliver(a_notification(ecn, **fields))[0] == 202
    return commands("process_change")[-1]


@pytest.mark.parametrize(
    ("ecn_type", "point_type"),
    [
        ("DESIGN_CHANGE", "MATERIAL"),
        ("MATERIAL_CHANGE", "MATERIAL"),
        ("PROCESS_CHANGE", "METHOD"),
        ("SUPPLIER_CHANGE", "MAN"),
        ("EQUIPMENT_CHANGE", "MACHINE"),
        ("LOCATION_CHANGE", "ENVIRONMENT"),
    ],
)
def test_a_change_becomes_a_change_point_of_its_type(ecn_type: str, point_type: str) -> None:
    assert process(accept(ecnType=ecn_type)) == []
    status, body = get("read_changes", "/api/v1/plm/change-orders/ECN-2026-0042")
    assert (status, body["data"]["processingStatus"]) == (200, "PROCESSED")
    assert body["data"]["changePoint"]["type"] == point_type
    assert body["data"]["changePointId"] == body["data"]["changePoint"]["changePointId"]


@pytest.mark.parametrize(
    ("level", "category"),
    [("MAJOR", "MAJOR"), ("MINOR", "MINOR"), ("CRITICAL", "CRITICAL"), ("B", "GENERAL"), ("", "GENERAL")],
)
def test_a_level_becomes_a_category_and_any_other_is_general(level: str, category: str) -> None:
    process(accept(ecnLevel=level))
    assert items("CHANGE_POINT")[0]["category"] == category


def test_the_event_says_what_changes() -> None:
    process(accept())
    (event,) = events()
    assert (event["event_type"], event["source_service"]) == ("ChangePointCreated", "enghub.plm")
    assert (event["tenant_id"], event["factory_id"]) == ("acme", "sh-01")
    assert event["data"]["affected_products"] == ["SNS-4000-0001", "SNS-4000-0009"]


def test_a_redelivered_command_changes_nothing() -> None:
    command = accept()
    assert process(command, command) == []
    assert process(command) == []
    assert len(items("CHANGE_POINT")) == len(events()) == 1


def test_commands_in_any_order_give_each_change_its_point() -> None:
    wanted = [accept(f"ECN-{number}") for number in range(5)]
    assert process(*reversed(wanted), *wanted) == []
    assert len(items("CHANGE_POINT")) == len(events("ChangePointCreated")) == 5


@pytest.mark.usefixtures("atomic")
def test_ten_consumers_of_one_command_make_one_change_point() -> None:
    command = accept()
    ecn, found = command["payload"]["ecn_number"], []
    in_threads(lambda: found.append(wiring.changes().process("acme", ecn, "m").processing.value), 10)
    assert found == ["PROCESSED"] * 10
    assert len(items("CHANGE_POINT")) == len(events()) == 1


def test_a_crash_before_the_transaction_leaves_the_change_for_the_next_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = accept()

    def crash(*_: Any) -> None:
        raise RuntimeError("the process was killed")

    with monkeypatch.context() as broken:
        broken.setattr(aggregates, "transact", crash)
        assert process(command) == [{"itemIdentifier": "m-0"}]
    assert (len(items("CHANGE_POINT")), len(events())) == (0, 0)
    assert process(command) == []
    assert len(items("CHANGE_POINT")) == len(events()) == 1


def test_a_crash_after_the_transaction_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    command = accept()

    def crash(*writes: Any) -> None:
        transact(*writes)
        raise RuntimeError("the process was killed")

    with monkeypatch.context() as broken:
        broken.setattr(aggregates, "transact", crash)
        assert process(command) == [{"itemIdentifier": "m-0"}]
    assert process(command) == []
    assert len(items("CHANGE_POINT")) == len(events()) == 1


def test_a_command_for_an_unknown_change_fails_and_the_others_of_its_batch_land() -> None:
    unknown = {"message_id": "x", "tenant_id": "acme", "payload": {"ecn_number": "ECN-0"}}
    assert process(unknown, accept()) == [{"itemIdentifier": "m-0"}]
    assert len(items("CHANGE_POINT")) == 1


# --- parked and tried again ---

RETRY = "/api/v1/plm/change-orders/ECN-2026-0042/retry"


def test_an_unknown_type_is_parked_with_the_reason_and_never_dropped() -> None:
    assert process(accept(ecnType="FIRMWARE_CHANGE")) == []
    data = get("read_changes", "/api/v1/plm/change-orders/ECN-2026-0042")[1]["data"]
    assert (data["processingStatus"], data["changePoint"]) == ("FAILED", None)
    assert "FIRMWARE_CHANGE" in data["failure"]
    (event,) = events()
    assert (event["event_type"], event["data"]["reason"]) == ("ChangeOrderParked", data["failure"])


def test_a_parked_change_is_processed_after_its_type_is_corrected() -> None:
    first = accept(ecnType="FIRMWARE_CHANGE")
    process(first)
    status, body = post("retry_change", RETRY, {"reason": "wrong type", "ecnType": "DESIGN_CHANGE"})
    assert (status, body["data"]["processingStatus"], body["data"]["failure"]) == (202, "RECEIVED", None)
    again = commands("process_change")[-1]
    assert process(again, first) == []
    assert items("CHANGE_ORDER")[0]["processing"] == "PROCESSED"
    assert [event["event_type"] for event in events()] == ["ChangeOrderParked", "ChangePointCreated"]


def test_the_audit_tells_the_whole_story_in_a_chain() -> None:
    process(accept(ecnType="FIRMWARE_CHANGE"))
    post("retry_change", RETRY, {"reason": "wrong type", "ecnType": "DESIGN_CHANGE"})
    process(commands("process_change")[-1])
    entries = audit.history("acme", "change_order/sh-01/ECN-2026-0042")
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("change_order.received", "plm:default"),
        ("change_order.parked", "system:process-change"),
        ("change_order.retried", "emp-007"),
        ("change_order.processed", "system:process-change"),
    ]
    assert entries[2].reason == "wrong type"
    assert audit.broken_at(entries) is None


def test_a_change_that_is_processed_cannot_be_tried_again() -> None:
    process(accept())
    status, body = post("retry_change", RETRY, {"reason": "once more"})
    assert (status, body["details"]["error"], body["details"]["status"]) == (
        409,
        "CHANGE_ORDER_NOT_PARKED",
        "PROCESSED",
    )


def test_a_correction_to_another_unknown_type_is_refused() -> None:
    process(accept(ecnType="FIRMWARE_CHANGE"))
    status, body = post("retry_change", RETRY, {"reason": "guess", "ecnType": "SOFTWARE_CHANGE"})
    assert (status, body["details"]["error"]) == (422, "UNKNOWN_CHANGE_TYPE")
    assert items("CHANGE_ORDER")[0]["processing"] == "FAILED"


def test_the_same_retry_sent_twice_answers_the_same() -> None:
    process(accept(ecnType="FIRMWARE_CHANGE"))
    body = {"reason": "wrong type", "ecnType": "DESIGN_CHANGE"}
    first, second = (post("retry_change", RETRY, body, headers={"Idempotency-Key": "r-1"}) for _ in range(2))
    assert first[0] == second[0] == 202
    assert first[1]["data"] == second[1]["data"]
    assert len(commands("process_change")) == 2


def test_only_who_may_can_try_again_and_only_in_their_own_tenant() -> None:
    process(accept(ecnType="FIRMWARE_CHANGE"))
    body = {"reason": "wrong type", "ecnType": "DESIGN_CHANGE"}
    assert post("retry_change", RETRY, body, caller=a_principal("change_order:read"))[0] == 403
    assert post("retry_change", RETRY, body, caller=STRANGER)[0] == 404
    assert items("CHANGE_ORDER")[0]["processing"] == "FAILED"


# --- reading ---


def listed(**query: str) -> tuple[list[str], str | None]:
    status, body = get("read_changes", "/api/v1/plm/change-orders", query)
    assert status == 200, body
    return [item["ecnNumber"] for item in body["data"]["items"]], body["data"]["cursor"]


def test_changes_are_listed_by_processing_status_newest_first_page_by_page() -> None:
    for number in range(5):
        accept(f"ECN-{number}")
    process(accept("ECN-DONE"))
    first, cursor = listed(processingStatus="RECEIVED", pageSize="3")
    assert cursor is not None
    rest, end = listed(processingStatus="RECEIVED", pageSize="3", cursor=cursor)
    assert (first + rest, end) == (["ECN-4", "ECN-3", "ECN-2", "ECN-1", "ECN-0"], None)
    assert listed(processingStatus="PROCESSED")[0] == ["ECN-DONE"]


def test_changes_are_listed_by_effective_date_both_ends_included() -> None:
    for day in ("01", "02", "03", "04"):
        accept(f"ECN-{day}", effectiveDate=f"2026-04-{day}")
    accept("ECN-SOMEDAY", effectiveDate=None)
    assert listed(effectiveFrom="2026-04-02", effectiveTo="2026-04-03")[0] == ["ECN-02", "ECN-03"]


@pytest.mark.parametrize(
    "query",
    [{}, {"processingStatus": "ODD"}, {"effectiveFrom": "2026-04-02"}, {"processingStatus": "FAILED", "limit": "0"}],
)
def test_a_list_without_a_clear_question_is_refused(query: dict[str, str]) -> None:
    assert get("read_changes", "/api/v1/plm/change-orders", query)[0] == 400


def test_a_cursor_of_another_list_is_refused() -> None:
    for number in range(3):
        accept(f"ECN-{number}")
    _, cursor = listed(processingStatus="RECEIVED", pageSize="1")
    assert cursor is not None
    status, _ = get("read_changes", "/api/v1/plm/change-orders", {"processingStatus": "FAILED", "cursor": cursor})
    assert status == 400


def test_nobody_sees_the_changes_of_another_tenant() -> None:
    accept()
    assert get("read_changes", "/api/v1/plm/change-orders/ECN-2026-0042", caller=STRANGER)[0] == 404
    _, body = get("read_changes", "/api/v1/plm/change-orders", {"processingStatus": "RECEIVED"}, caller=STRANGER)
    assert body["data"]["items"] == []


def test_reading_needs_its_permission() -> None:
    assert get("read_changes", "/api/v1/plm/change-orders/E", caller=a_principal("product:read"))[0] == 403
    assert ENGINEER.permissions >= {"change_order:read"}
