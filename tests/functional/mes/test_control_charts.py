"""Control charts through the API, down to the table (MES-11)."""

from typing import Any

import pytest

from tests.factories.quality import BORE, Quality


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def test_limits_are_learnt_from_a_baseline_and_a_sample_beyond_signals(quality: Quality, told: Any) -> None:
    quality.monitored()
    found = quality.look(BORE)
    assert (found["phase"], found["phaseNumber"], found["limits"]["samples"]) == ("MONITORING", 2, 20)
    assert found["limits"]["centre"] == pytest.approx(10)
    assert found["limits"]["sigma"] == pytest.approx(0.1 / 1.1283792, abs=1e-7)
    assert quality.sample(40, 10.1)["signals"] == []
    beyond = quality.sample(41, 10.4, lotId="LOT-1", workOrderId="WO-1", station="ST-1")
    assert [(one["chart"], one["rules"]) for one in beyond["signals"]] == [("location", ["WE1"])]
    [signalled] = [data for kind, data in told() if kind == "ChartSignalled"]
    assert (signalled["characteristic_id"], signalled["lot_id"], signalled["rules"]) == ("BORE", "LOT-1", ["WE1"])
    [notice] = [data for kind, data in told() if kind == "NoticeRequested"]
    assert (notice["notice_type"], notice["roles"]) == ("mes.chart_signalled", ["QUALITY_ENGINEER"])
    assert [one["sampleId"] for one in quality.look(f"{BORE}/signals")["items"]] == [beyond["sampleId"]]
    assert quality.sample(42, 10.41)["signals"][0]["rules"] == ["WE1", "WE2"]


def test_a_late_sample_is_judged_in_its_place(quality: Quality) -> None:
    """Two of three beyond 2 sigma: the pattern is complete only with the late one, at the point after it."""
    quality.monitored()
    assert quality.sample(50, 10.0)["signals"] == []
    last = quality.sample(52, 10.2)
    assert last["signals"] == []
    late = quality.sample(51, 10.21)
    assert [(one["sampleId"], one["rules"]) for one in late["signals"]] == [(last["sampleId"], ["WE2"])]
    assert quality.sample(53, 10.0)["signals"] == []


def test_a_repeated_sample_counts_once(quality: Quality) -> None:
    quality.monitored()
    first, again = (quality.sample(40, 10.4, key="terminal-1") for _ in range(2))
    assert first == again
    assert len(quality.look(f"{BORE}/chart")["items"]) == 21


def test_the_chart_shows_limits_gaps_tests_and_capability(quality: Quality) -> None:
    quality.define()
    for number, value in enumerate((10, 12)):
        quality.sample(number, value)
    quality.sample(2, note="gauge in calibration")
    for number, value in enumerate((11, 15), start=3):
        quality.sample(number, value)
    shown = quality.look(f"{BORE}/chart")
    assert shown["isTrial"]
    location = [one["location"] for one in shown["items"]]
    assert [point["value"] for point in location] == [10, 12, None, 11, 15]
    limits = (location[0]["lower"], location[0]["upper"])
    assert limits == pytest.approx((4.023958, 19.976042), rel=1e-6)
    assert [one["spread"]["value"] for one in shown["items"]] == [None, 2, None, None, 4]
    able = shown["capability"]
    assert able["cpk"]["lower"] < able["cpk"]["value"] < able["cpk"]["upper"]
    assert able["hasVariation"]


def test_zero_variation_is_said_and_sets_no_limits(quality: Quality) -> None:
    quality.define()
    for number in range(25):
        quality.sample(number, 10.0)
    able = quality.look(f"{BORE}/chart")["capability"]
    assert (able["hasVariation"], able["cp"]["value"], able["ppk"]["value"]) == (False, None, None)
    window = {"version": 1, "from": "2026-03-02T06:00:00Z", "to": "2026-03-02T07:00:00Z"}
    status, body = quality.change("POST", f"{BORE}/phases", window)
    assert (status, body["details"]["error"]) == (422, "NO_VARIATION")
    status, body = quality.change("POST", f"{BORE}/phases", {**window, "to": "2026-03-02T06:05:00Z"})
    assert (status, body["details"]["error"]) == (422, "BASELINE_TOO_SMALL")


def test_how_it_is_charted_is_fixed_while_limits_are_in_force(quality: Quality) -> None:
    quality.monitored()
    body = {"name": "Bore", "productId": "PROD-A001", "chart": "C", "version": 2}
    status, answer = quality.change("PUT", BORE, body)
    assert (status, answer["details"]["field"]) == (422, "chart")
    status, answer = quality.change("POST", f"{BORE}/phases", {"version": 2})
    assert (answer["data"]["phase"], answer["data"]["limits"]) == ("BASELINE", None)
    assert quality.change("PUT", BORE, {**body, "version": 3})[0] == 200
    assert quality.change("PUT", BORE, {**body, "name": "X", "version": 3})[1]["code"] == "40902"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"values": [1, 2]}, "values"),
        ({"count": 1}, "count"),
        ({"values": []}, "values"),
        ({"values": [1], "takenAt": "2026-03-02"}, "takenAt"),
        ({"values": [1], "takenAt": "2999-03-02T08:00:00Z"}, "takenAt"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused(quality: Quality, fields: dict[str, Any], field: str) -> None:
    quality.define()
    status, body = quality.change("POST", f"{BORE}/samples", fields)
    assert (status, body["details"]["field"]) == (400, field)
    assert quality.look(f"{BORE}/chart")["items"] == []


def test_counts_have_limits_by_their_own_size(quality: Quality) -> None:
    quality.define(chart="P", subgroupSize=50, lowerLimit=None, upperLimit=None)
    for number, (count, size) in enumerate(((3, 50), (4, 100), (2, 80), (11, 200))):
        quality.sample(number, count=count, size=size)
    shown = quality.look(f"{BORE}/chart")["items"]
    assert [round(one["location"]["upper"], 6) for one in shown] == [0.135858, 0.109689, 0.117146, 0.091185]
    assert [one["location"]["rules"] for one in shown] == [[]] * 4
    status, body = quality.change("POST", f"{BORE}/samples", {"count": 51, "size": 50})
    assert (status, body["details"]["field"]) == (400, "size")
