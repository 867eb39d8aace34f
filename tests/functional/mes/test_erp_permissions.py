"""Effective rights are the token's and the ERP's; what holds while the ERP's cannot be read (MES-16)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.mes.entitlements.model import KEPT, still_serves
from tests.factories.erp import BASE, Linked, SandboxErp, sandbox_erp

ASKED = "GET /api/v1/auth/user/emp-001/permissions"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def erp(account: Any) -> Iterator[SandboxErp]:
    account("mes")
    with sandbox_erp() as found:
        yield found


@pytest.fixture
def floor(erp: SandboxErp) -> Linked:
    assert erp.asked == []
    return Linked("PERMISSIONS")


def refused(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, body = answer
    return status, body["details"]["error"]


def test_one_needs_the_right_of_the_token_and_of_the_erp(floor: Linked, erp: SandboxErp) -> None:
    erp.say("permissions", "emp-001", "work_order:create work_order:start")
    assert floor.create()[0] == 201
    answer = floor.step("WO-1", "release", 1)
    assert refused(answer) == (403, "ERP_FORBIDS")
    assert "work_order:release" in answer[1]["message"]
    assert floor.hold("WO-1", 1)[0] == 403
    assert erp.asked == [ASKED], "asked once in five minutes"
    erp.say("permissions", "emp-001", "work_order:create work_order:release")
    erp.later += timedelta(minutes=5)
    assert floor.step("WO-1", "release", 1)[0] == 200
    assert floor.edit("WO-1", plannedQuantity=90, version=2)[0] == 200


def test_rights_in_another_factory_are_none_here(floor: Linked, erp: SandboxErp) -> None:
    elsewhere = {"user_id": "emp-001", "roles": [], "factories": ["bj-01"], "permissions": ["work_order:create"]}
    told, erp.module.service.permissions = erp.module.service.permissions, lambda *_: elsewhere
    try:
        assert refused(floor.create()) == (403, "ERP_FORBIDS")
    finally:
        erp.module.service.permissions = told


@pytest.mark.parametrize(
    "fault", [{"down": True}, {"garbage": True}, {"delay_ms": 6000}], ids=["down", "garbage", "slow"]
)
def test_the_last_known_rights_serve_five_minutes_then_people_sign_in_again(
    floor: Linked, erp: SandboxErp, fault: dict[str, Any]
) -> None:
    assert floor.create()[0] == 201
    erp.scenario(**fault)
    erp.later += timedelta(minutes=6)
    assert floor.step("WO-1", "release", 1)[0] == 200
    erp.later += timedelta(minutes=4)
    assert floor.step("WO-1", "start", 2)[0] == 200
    erp.later += timedelta(minutes=2)
    answer = floor.step("WO-1", "pause", 3)
    assert refused(answer) == (401, "SIGN_IN_AGAIN")
    assert floor.service("PERMISSIONS")["rule"].startswith("the last known rights hold for 5 minutes")
    anew = replace(floor.caller, authenticated_at=erp.now())
    assert floor.step("WO-1", "pause", 3, caller=anew)[0] == 200, "the last known rights, five minutes more"
    erp.later += timedelta(minutes=6)
    assert refused(floor.step("WO-1", "resume", 4, caller=anew)) == (401, "SIGN_IN_AGAIN")
    erp.scenario(down=False, garbage=False, delay_ms=0)
    erp.later += timedelta(minutes=6)
    assert floor.step("WO-1", "resume", 4)[0] == 200


def test_of_whom_nothing_is_known_nothing_is_taken_meanwhile(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True)
    status, body = floor.create()
    assert (status, body["details"]["error"]) == (503, "RIGHTS_UNKNOWN")
    assert "yours were never read" in body["message"]


def test_who_may_do_what_is_not_changed_meanwhile(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True)
    floor.create()
    for method, path, body in (
        ("PUT", f"{BASE}/link", {"recipientId": "emp-001", "uses": ["BOM"], "version": 1}),
        ("DELETE", f"{BASE}/link", None),
    ):
        assert refused(floor.call("change_erp", method, path, body)) == (503, "PERMISSION_CHANGES_REFUSED")
    erp.scenario(down=False)
    floor.call("change_erp", "POST", f"{BASE}/replay")
    assert floor.call("change_erp", "DELETE", f"{BASE}/link")[0] == 204
    assert floor.create()[0] == 201


def test_a_factory_whose_rights_are_the_tokens_is_not_concerned(erp: SandboxErp) -> None:
    floor = Linked("COMPLETIONS")
    erp.say("permissions", "emp-001", "")
    assert floor.create()[0] == 201
    assert erp.asked == []


@given(st.integers(0, 900), st.integers(-900, 900), st.integers(0, 900))
def test_known_rights_serve_five_minutes_of_an_outage_or_of_a_sign_in(away: int, signed_in: int, more: int) -> None:
    since = NOW - timedelta(seconds=away)
    at = NOW - timedelta(seconds=signed_in)
    if still_serves(since, at, NOW):
        assert away <= KEPT.total_seconds() or signed_in <= KEPT.total_seconds()
    else:
        assert not still_serves(since, at, NOW + timedelta(seconds=more)) or at > NOW
