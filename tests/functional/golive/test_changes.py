"""What changed: kept from the contexts' own events, read on demand and before an incident (OPS-25)."""

from datetime import timedelta
from typing import Any

import pytest

from enghub.core.clock import to_text
from enghub.core.event_data import EventData
from enghub.golive.changes.model import ChangeKind
from enghub.golive.changes.telling import ACTIONS, CHANGES_NOTHING, SAID, TOLD
from enghub.golive.ramps.telling import NOTICES
from tests.factories.http import Context, a_principal
from tests.factories.queues import a_batch, failed, shuffled_with_doubles
from tests.functional.golive.conftest import Golive
from tests.functional.golive.test_incidents import declared

SETTING = {"config_key": "mes.shift.count", "layer": "tenant", "operation": "UPDATE", "version": 7}
UPGRADE = {"site_id": "plant-3", "source_version": "4.1", "target_version": "4.2", "environment": "PROD"}
FLAG = {"flag_key": "new-board", "environment": "PROD", "operation": "UPDATE", "is_enabled": True, "version": 2}
RAMP = {
    "ramp_id": "r1",
    "name": "ERP 3",
    "service_id": "erp",
    "state": "RUNNING",
    "percent": 20,
    "why": "NONE",
    "said": "",
}
RELEASE = {"release_id": "r2", "kind": "RELEASE", "title": "Bug fixes", "system": "erp", "version": "3.1", "state": ""}
GRAY = {"release_id": "g", "feature_key": "new-board", "environment": "PROD", "current_percentage": 20.0, "why": "NONE"}


class Bus:
    """Events of other contexts, numbered."""

    def __init__(self, golive: Golive) -> None:
        self._golive = golive
        self.sent: list[dict[str, Any]] = []

    def said(self, event_type: str, source: str, data: dict[str, Any], *, ago: float = 1, **more: str) -> None:
        """Say something ``ago`` hours before now."""
        event = {
            "event_id": f"e{len(self.sent):03}",
            "event_type": event_type,
            "timestamp": to_text(self._golive.now - timedelta(hours=ago)),
            "tenant_id": "acme",
            "factory_id": "",
            "source_service": f"enghub.{source}",
            "data": data,
            "version": "1.0",
            **more,
        }
        self.sent.append(event)
        assert failed(self._golive.handler("record_changes")(a_batch(event), Context())) == []


@pytest.fixture
def bus(golive: Golive) -> Bus:
    return Bus(golive)


def subjects(answer: dict[str, Any]) -> list[str]:
    return [one["subject"] for one in answer["items"]]


def test_the_latest_come_first_in_whole_sentences_of_the_readers_language(golive: Golive, bus: Bus) -> None:
    bus.said("ConfigurationChanged", "settings", SETTING, ago=3)
    bus.said("UpgradeFailed", "upgrade", {**UPGRADE, "problem": "step 12 failed"}, ago=2)
    bus.said("FeatureFlagChanged", "settings", FLAG, ago=1)
    found = golive.data("GET", "/changes")
    assert [one["said"] for one in found["items"]] == [
        "feature flag new-board (PROD), version 2: changed, enabled",
        "upgrade of plant-3 from 4.1 to 4.2 (PROD): failed (step 12 failed)",
        "setting mes.shift.count, tenant layer, version 7: changed",
    ]
    chinese = golive.data("GET", "/changes", headers={"Accept-Language": "zh"})
    assert chinese["items"][1]["said"] == "站点 plant-3 从 4.1 升级到 4.2（PROD）：失败 (step 12 failed)"


def test_what_ramps_and_releases_did_before_an_incident_is_told_in_both_languages(staffed: Golive) -> None:
    bus = Bus(staffed)
    bus.said("ReleaseChanged", "golive", {**RELEASE, "action": "carried_out"}, ago=4)
    bus.said("RampChanged", "golive", {**RAMP, "action": "grown"}, ago=3)
    bus.said("RampChanged", "golive", {**RAMP, "action": "returned", "percent": 5, "said": "error rate 30 %"}, ago=2)
    bus.said("GrayReleaseChanged", "settings", {**GRAY, "action": "grown"}, ago=1)
    bus.said(
        "ReleaseChanged", "golive", {**RELEASE, "kind": "IMPROVEMENT", "version": "", "action": "started"}, ago=0.5
    )
    path = f"/incidents/{declared(staffed)}/changes"
    assert [one["said"] for one in staffed.data("GET", path)["items"]] == [
        "improvement Bug fixes of erp: started",
        "gray release of new-board (PROD) at 20.0 %: grown",
        "traffic ramp ERP 3 of erp at 5 %: taken back (error rate 30 %)",
        "traffic ramp ERP 3 of erp at 20 %: grown",
        "release Bug fixes of erp 3.1: carried out",
    ]
    chinese = staffed.data("GET", path, headers={"Accept-Language": "zh"})["items"]
    assert chinese[3]["said"] == "服务 erp 的灰度放量 ERP 3 比例 20%：已放量"
    assert chinese[4]["said"] == "erp 的发布 Bug fixes 3.1：已执行"
    only = staffed.data("GET", "/changes", query={"kind": "RAMP", "system": "erp"})
    assert subjects(only) == ["ERP 3", "ERP 3"]


def test_what_changed_nothing_hides_nothing(golive: Golive, bus: Bus) -> None:
    for action in ("requested", "reviewed", "verified", "withdrawn"):
        bus.said("ReleaseChanged", "golive", {**RELEASE, "action": action})
    bus.said("RampChanged", "golive", {**RAMP, "action": "blind"})
    for action in ("created", "planned"):
        bus.said("GrayReleaseChanged", "settings", {**GRAY, "action": action})
    assert subjects(golive.data("GET", "/changes")) == []


def test_every_action_that_a_ramp_tells_is_said_in_chinese() -> None:
    done = {"started", "paused", "resumed", "grown", "completed", "roll_back_decided", *NOTICES}
    for action in done - CHANGES_NOTHING[ChangeKind.RAMP]:
        assert action.upper() in ACTIONS, action


def test_events_that_come_twice_and_in_disorder_are_one_change_each(golive: Golive, bus: Bus) -> None:
    for number in range(4):
        bus.said("ConfigurationChanged", "settings", {**SETTING, "config_key": f"k{number}"}, ago=4 - number)
    again = a_batch(*shuffled_with_doubles(bus.sent))
    assert failed(golive.handler("record_changes")(again, Context())) == []
    assert subjects(golive.data("GET", "/changes")) == ["k3", "k2", "k1", "k0"]


def test_pages_go_on_without_a_gap_also_through_what_changed_for_all_tenants(golive: Golive, bus: Bus) -> None:
    for number in range(9):
        tenant = "*" if number % 2 else "acme"
        bus.said(
            "ConfigurationChanged",
            "settings",
            {**SETTING, "config_key": f"k{number}"},
            ago=9 - number,
            tenant_id=tenant,
        )
    seen: list[str] = []
    query: dict[str, str] = {"pageSize": "2"}
    while True:
        page = golive.data("GET", "/changes", query=query)
        seen += subjects(page)
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    assert seen == [f"k{number}" for number in range(8, -1, -1)]


def test_only_what_is_asked_for(golive: Golive, bus: Bus) -> None:
    bus.said("UpgradeSucceeded", "upgrade", UPGRADE, ago=2)
    bus.said("ConfigurationChanged", "settings", SETTING, ago=30)
    bus.said("BomChanged", "plm", {"product_code": "P-1", "bom_version": "A", "revision": 3}, ago=1, factory_id="F2")

    def asked(**query: str) -> list[str]:
        return subjects(golive.data("GET", "/changes", query=query))

    assert asked() == ["P-1", "plant-3"]
    assert asked(hours="48") == ["P-1", "plant-3", "mes.shift.count"]
    assert asked(kind="UPGRADE") == ["plant-3"]
    assert asked(system="plant-3") == ["plant-3"]
    assert asked(factoryId="F1") == ["plant-3"], "what belongs to no factory concerns each"
    assert asked(until=to_text(golive.now - timedelta(hours=1.5))) == ["plant-3"]


def test_another_tenants_changes_are_not_told(golive: Golive, bus: Bus) -> None:
    bus.said("ConfigurationChanged", "settings", SETTING, tenant_id="other")
    assert subjects(golive.data("GET", "/changes")) == []
    other = a_principal("golive:read", user="eve", tenant="other")
    assert subjects(golive.data("GET", "/changes", caller=other)) == ["mes.shift.count"]


def test_before_an_incident_only_what_came_before_it(staffed: Golive) -> None:
    bus = Bus(staffed)
    bus.said("ConfigurationChanged", "settings", SETTING, ago=1)
    incident = declared(staffed)
    staffed.now += timedelta(hours=2)
    bus.said("UpgradeRolledBack", "upgrade", UPGRADE, ago=0)
    assert subjects(staffed.data("GET", f"/incidents/{incident}/changes")) == ["mes.shift.count"]
    assert subjects(staffed.data("GET", "/changes")) == ["plant-3", "mes.shift.count"]
    assert staffed.refused("GET", "/incidents/01ARZ3NDEKTSV4RRFFQ69G5FAV/changes")[0] == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [({"hours": "0"}, "hours"), ({"hours": "745"}, "hours"), ({"cursor": "x"}, "cursor"), ({"kind": "X"}, "kind")],
)
def test_what_is_not_valid_is_refused_by_its_field(golive: Golive, query: dict[str, str], field: str) -> None:
    status, told = golive.refused("GET", "/changes", query=query)
    assert (status, told["field"]) == (400, field)


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.event_type())
def test_every_event_that_is_read_makes_a_whole_sentence(golive: Golive, bus: Bus, kind: type[EventData]) -> None:
    told: dict[Any, Any] = {int: 3, bool: True, float: 20.0}
    data = {name: told.get(field.annotation, f"some {name}") for name, field in kind.model_fields.items()}
    bus.said(kind.event_type(), kind.SOURCE.removeprefix("enghub."), data)
    for language in ("en", "zh"):
        (found,) = golive.data("GET", "/changes", headers={"Accept-Language": language})["items"]
        assert "{" not in found["said"]
        assert found["subject"] in found["said"]


def test_every_kind_has_its_sentence() -> None:
    assert set(SAID) == {telling.kind for telling in TOLD.values()}
