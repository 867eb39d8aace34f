"""Inspections through the API, down to the table (MES-09)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.factories.http import a_principal
from tests.factories.quality import QUALITY, Quality

BASE = "/api/v1/inspections"
BOSS = a_principal(*QUALITY, user="emp-900")


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def post(quality: Quality, path: str, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    return quality.call("change_inspections", "POST", f"{BASE}{path}", body, **options)


def opened(quality: Quality, number: str, **fields: Any) -> dict[str, Any]:
    body = {"inspectionId": number, "kind": "IQC", "partId": "MAT-1", "supplierId": "SUP-1", "lotSize": 300, **fields}
    status, answer = post(quality, "", body)
    assert status == 201, answer
    data: dict[str, Any] = answer["data"]
    return data


def decided(quality: Quality, number: str, nonconforming: int, **fields: Any) -> dict[str, Any]:
    body = {"version": 1, "inspected": 80, "nonconforming": nonconforming, **fields}
    status, answer = post(quality, f"/orders/{number}/result", body)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def plan(quality: Quality, **fields: Any) -> None:
    body = {
        "aql": 0.65,
        "features": [{"name": "length", "unit": "mm", "lowerLimit": 9.9, "upperLimit": 10.1}],
        **fields,
    }
    assert quality.call("change_inspections", "PUT", f"{BASE}/plans/IQC/MAT-1", body)[0] == 200


def scheme(quality: Quality) -> dict[str, Any]:
    query = {"kind": "IQC", "partId": "MAT-1", "supplierId": "SUP-1"}
    status, body = quality.call("read_inspections", "GET", f"{BASE}/schemes", query=query)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def test_a_lot_is_inspected_by_the_plan_and_its_sample_decides(quality: Quality, told: Any) -> None:
    plan(quality)
    made = opened(quality, "IQC-1", lotId="LOT-1")
    sampling = {"codeLetter": "J", "sampleSize": 80, "accept": 1, "reject": 2, "inspectsAll": False}
    assert (made["sampling"], made["severity"], made["status"]) == (sampling, "NORMAL", "OPEN")
    assert decided(quality, "IQC-1", 1)["status"] == "ACCEPTED"
    opened(quality, "IQC-2", lotId="LOT-2")
    rejected = decided(quality, "IQC-2", 2)
    assert (rejected["status"], rejected["version"]) == ("REJECTED", 2)
    by_type = sorted(kind for kind, _ in told())
    assert by_type == ["InspectionDecided", "InspectionDecided", "InspectionOpened", "InspectionOpened", "LotHeld"]
    [held] = [data for kind, data in told() if kind == "LotHeld"]
    assert (held["lot_id"], held["cause"]) == ("LOT-2", "inspection/IQC-2")
    query = {"lotId": "LOT-2"}
    listed = quality.call("read_inspections", "GET", BASE, query=query)[1]["data"]["items"]
    assert [one["inspectionId"] for one in listed] == ["IQC-2"]
    assert quality.call("read_inspections", "GET", BASE)[1]["data"]["items"] == []


def test_measured_values_count_against_their_limits(quality: Quality) -> None:
    plan(quality)
    opened(quality, "IQC-1")
    measured = [{"name": "length", "values": [10.0, 10.1, 10.11, 9.89]}]
    body = {"version": 1, "inspected": 80, "nonconforming": 1, "measured": measured}
    status, answer = post(quality, "/orders/IQC-1/result", body)
    assert (status, answer["details"]["measured"]) == (400, 2)
    body["measured"] = [{"name": "width", "values": [1]}]
    assert post(quality, "/orders/IQC-1/result", body)[1]["details"]["error"] == "UNKNOWN_CHARACTERISTIC"
    body |= {"inspected": 79, "measured": []}
    assert post(quality, "/orders/IQC-1/result", body)[1]["details"]["error"] == "SAMPLE_TOO_SMALL"
    assert decided(quality, "IQC-1", 2, measured=measured)["status"] == "REJECTED"
    again = post(quality, "/orders/IQC-1/result", {"version": 2, "inspected": 80, "nonconforming": 0})
    assert (again[0], again[1]["details"]["status"]) == (422, "REJECTED")


def test_inspection_switches_per_supplier_and_says_why(quality: Quality) -> None:
    plan(quality)
    for number, nonconforming in enumerate((0, 2, 0, 3)):
        opened(quality, f"IQC-{number}")
        decided(quality, f"IQC-{number}", nonconforming)
    found = scheme(quality)
    assert (found["severity"], found["lots"]) == ("TIGHTENED", 4)
    assert [(one["before"], one["after"], one["inspectionId"]) for one in found["items"]] == [
        ("NORMAL", "TIGHTENED", "IQC-3")
    ]
    assert "9.3.1" in found["items"][0]["reason"]
    tightened = opened(quality, "IQC-9")
    assert (tightened["severity"], tightened["sampling"]["accept"]) == ("TIGHTENED", 1)
    assert opened(quality, "IQC-10", supplierId="SUP-2")["severity"] == "NORMAL"


def test_a_resubmitted_lot_does_not_count(quality: Quality) -> None:
    plan(quality)
    for number, resubmitted in enumerate((False, True)):
        opened(quality, f"IQC-{number}", isResubmitted=resubmitted)
        decided(quality, f"IQC-{number}", 5)
    assert (scheme(quality)["severity"], scheme(quality)["lots"]) == ("NORMAL", 1)


def test_five_rejections_on_tightened_discontinue_until_resumed(quality: Quality) -> None:
    plan(quality)
    for number in range(7):
        size = opened(quality, f"IQC-{number}")["sampling"]["sampleSize"]
        decided(quality, f"IQC-{number}", 9, inspected=size)
    assert scheme(quality)["discontinued"]
    body = {"kind": "IQC", "partId": "MAT-1", "supplierId": "SUP-1", "lotSize": 300}
    assert post(quality, "", body)[1]["details"]["error"] == "INSPECTION_DISCONTINUED"
    resume = {"kind": "IQC", "partId": "MAT-1", "supplierId": "SUP-1", "reason": "8D closed"}
    assert post(quality, "/schemes/resume", resume)[1]["data"]["severity"] == "TIGHTENED"
    assert opened(quality, "IQC-8")["severity"] == "TIGHTENED"
    assert scheme(quality)["items"][0]["reason"] == "8D closed"


def test_a_concession_needs_another_person(quality: Quality, told: Any) -> None:
    plan(quality)
    opened(quality, "IQC-1", lotId="LOT-1")
    decided(quality, "IQC-1", 2)
    asked = post(quality, "/orders/IQC-1/concession", {"version": 2, "reason": "cosmetic only"})[1]["data"]
    assert (asked["status"], asked["concession"]["requestedBy"]) == ("CONCESSION_REQUESTED", "emp-001")
    yes = {"verdict": "APPROVE"}
    voice = "/orders/IQC-1/concession/voice"
    assert post(quality, voice, yes)[0] == 403
    stranger = a_principal(*QUALITY, user="emp-901")
    assert post(quality, voice, yes, caller=stranger)[1]["details"]["error"] == "NOT_AN_APPROVER"
    engineer = replace(BOSS, roles=("QUALITY_ENGINEER",))
    assert post(quality, voice, yes, caller=engineer)[1]["data"]["status"] == "CONCEDED"
    assert told()[-1][0] == "LotReleased"


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"aql": 0.7}, "aql"), ({"level": "IV"}, "level"), ({"features": [{"name": ""}]}, "features.0.name")],
)
def test_a_plan_that_the_standard_does_not_know_is_refused(
    quality: Quality, fields: dict[str, Any], field: str
) -> None:
    status, body = quality.call("change_inspections", "PUT", f"{BASE}/plans/IQC/MAT-1", fields)
    assert (status, body["details"]["field"]) == (400, field)
