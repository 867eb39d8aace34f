"""Bills of material through their functions, down to the table (PLM-01, PLM-02)."""

import json
from typing import Any

import pytest

from enghub.core.identity import Principal
from tests.factories.http import a_principal, a_request
from tests.factories.plm import call
from tests.factories.stored import events, items

ADMIN = a_principal("bom:read", "bom:change", "plm_setup:read", "plm_setup:change")
BOMS = "/api/v1/plm/boms"


def ask(function: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
    caller: Principal = query.pop("caller", ADMIN)
    return call(function, a_request(method, path, body, caller=caller, query=query or None))


def put(product: str, *lines: tuple[str, float], version: str = "A", revision: int = 0, **fields: Any) -> Any:
    made = [{"sequence": at * 10, "component": part, "quantity": n} for at, (part, n) in enumerate(lines, 1)]
    body = {"lines": made, "revision": revision, **fields}
    return ask("change_boms", "PUT", f"{BOMS}/{product}/versions/{version}", body)


def needs(product: str, **query: str) -> dict[str, Any]:
    status, body = ask("read_boms", "GET", f"{BOMS}/{product}/explosion", **query)
    assert status == 200, body
    return {one["component"]: one["quantity"] for one in body["data"]["items"]}


def used(part: str, **query: str) -> dict[str, Any]:
    status, body = ask("read_boms", "GET", f"{BOMS}/{part}/where-used", **query)
    assert status == 200, body
    return {one["productCode"]: one["quantity"] for one in body["data"]["items"]}


def test_what_was_stored_is_exploded_and_found_from_below() -> None:
    assert put("CAR", ("DOOR", 4), ("BOLT", 8))[0] == 200
    put("DOOR", ("BOLT", 6), ("HINGE", 2))
    assert needs("CAR", quantity="2") == {"DOOR": 8, "BOLT": 64, "HINGE": 16}
    assert used("BOLT") == {"CAR": 32, "DOOR": 6}
    assert used("PAINT") == {}
    assert [event["data"]["added"] for event in events("BomChanged")] == [["BOLT", "DOOR"], ["BOLT", "HINGE"]]


def test_pages_of_an_explosion_follow_each_other() -> None:
    put("CAR", *((f"P{number}", 1) for number in range(7)))
    first = ask("read_boms", "GET", f"{BOMS}/CAR/explosion", pageSize="5")[1]["data"]
    rest = ask("read_boms", "GET", f"{BOMS}/CAR/explosion", pageSize="5", cursor=first["cursor"])[1]["data"]
    assert [one["component"] for one in first["items"] + rest["items"]] == [f"P{number}" for number in range(7)]
    assert rest["cursor"] is None
    assert ask("read_boms", "GET", f"{BOMS}/CAR/explosion", cursor="x")[0] == 400


def test_a_loop_is_refused_when_it_is_written_and_nothing_is_stored() -> None:
    put("A", ("B", 2), ("C", 3))
    status, body = put("C", ("A", 1))
    assert (status, body["details"]["loop"]) == (422, "A > C > A")
    assert put("D", ("D", 1))[1]["details"]["loop"] == "D > D"
    put("B", ("M", 1))
    put("M", ("N", 1))
    assert put("N", ("B", 1))[1]["details"]["loop"] == "B > M > N > B"
    assert len(items("BOM")) == 3


def test_a_loop_is_looked_for_after_identities_are_made_one() -> None:
    rules = {"identity": {"foldCase": True}, "revision": 0}
    assert ask("change_plm_setup", "PUT", "/api/v1/plm/connections/default/rules", rules)[0] == 200
    put("A", ("C", 3))
    assert put("C", ("a ", 1))[1]["details"]["loop"] == "A > C > A"


def test_a_line_that_was_taken_away_opens_the_way_for_what_was_a_loop() -> None:
    put("A", ("B", 1), ("C", 1))
    assert ask("change_boms", "DELETE", f"{BOMS}/A/versions/A/lines/20")[0] == 200
    assert put("C", ("A", 1))[0] == 200
    assert used("B") == {"A": 1, "C": 1}


def test_one_changed_line_writes_its_version_and_no_other_item() -> None:
    put("CAR", *((f"P{number}", 1) for number in range(50)))
    before = {item["pk"] + item["sk"]: item for kind in ("BOM", "BOM_USED", "BOM_VERSIONS") for item in items(kind)}
    line = {"component": "P7", "quantity": 3}
    assert ask("change_boms", "PUT", f"{BOMS}/CAR/versions/A/lines/80", line)[0] == 200
    after = {item["pk"] + item["sk"]: item for kind in ("BOM", "BOM_USED", "BOM_VERSIONS") for item in items(kind)}
    assert {item["entity"] for at, item in after.items() if before.get(at) != item} <= {"BOM", "BOM_VERSIONS"}
    assert needs("CAR")["P7"] == 3
    line = {"component": "NEW", "quantity": 3}
    ask("change_boms", "PUT", f"{BOMS}/CAR/versions/A/lines/80", line)
    assert used("P7") == {}
    assert used("NEW") == {"CAR": 3}


def test_more_new_parts_than_one_transaction_takes_are_all_found() -> None:
    assert put("CAR", *((f"P{number}", 1) for number in range(250)))[0] == 200
    assert [used(f"P{number}") for number in (0, 124, 249)] == [{"CAR": 1}] * 3


def test_versions_by_day_and_a_part_that_an_older_version_still_has() -> None:
    put("CAR", ("OLD", 1), effectiveFrom="2026-01-01", effectiveTo="2026-03-10")
    put("CAR", ("NEW", 1), version="B", effectiveFrom="2026-03-10")
    assert [needs("CAR", asOf=f"2026-03-{day}") for day in ("09", "10")] == [{"OLD": 1}, {"NEW": 1}]
    assert (used("OLD", asOf="2026-03-09"), used("OLD", asOf="2026-03-10")) == ({"CAR": 1}, {})
    status, body = ask("read_boms", "GET", f"{BOMS}/CAR/diff", fromVersion="A", toVersion="B")
    assert [one["kind"] for one in body["data"]["items"]] == ["ADDED", "REMOVED"]
    assert put("CAR", ("X", 1), version="C", effectiveFrom="2026-03-01", effectiveTo="2026-03-20")[0] == 422
    status, body = ask("read_boms", "GET", f"{BOMS}/CAR")
    assert (status, len(body["data"]["items"]), body["data"]["gaps"]) == (200, 2, [])


def test_a_repeat_is_recognised_and_an_outdated_write_refused() -> None:
    put("CAR", ("A", 1))
    assert put("CAR", ("A", 1))[1]["data"]["revision"] == 1
    assert put("CAR", ("A", 2))[0] == 409
    assert put("CAR", ("A", 2), revision=1)[1]["data"]["revision"] == 2
    assert len(events("BomChanged")) == 2


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"quantity": 1.00005}, "lines.0.quantity"),
        ({"quantity": -1}, "lines.0.quantity"),
        ({"quantity": "1"}, "lines.0.quantity"),
        ({"unit": "parsec"}, "lines.0.unit"),
        ({"component": "AB\u221212"}, "lines.0.component"),
        ({"designators": "R1-R4"}, "lines.0.designators"),
    ],
)
def test_a_bad_line_is_refused_by_name_and_writes_nothing(line: dict[str, Any], field: str) -> None:
    body = {"lines": [{"sequence": 10, "component": "R", "quantity": 3, **line}], "revision": 0}
    status, answer = ask("change_boms", "PUT", f"{BOMS}/CAR/versions/A", body)
    assert status in {400, 422}
    assert answer["details"]["field"] == field
    assert not items("BOM")


def test_another_tenant_sees_nothing() -> None:
    put("CAR", ("BOLT", 1))
    stranger = a_principal("bom:read", tenant="globex")
    assert ask("read_boms", "GET", f"{BOMS}/CAR", caller=stranger)[0] == 404
    assert ask("read_boms", "GET", f"{BOMS}/BOLT/where-used", caller=stranger)[1]["data"]["items"] == []
    assert ask("change_boms", "PUT", f"{BOMS}/CAR/versions/A", {"lines": []}, caller=stranger)[0] == 403


def test_units_of_one_s_own_replace_the_list() -> None:
    status, body = ask("read_plm_setup", "GET", "/api/v1/plm/units")
    assert (status, body["data"]["revision"]) == (200, 0)
    own: dict[str, Any] = {"units": [{"code": "PCS", "dimension": "COUNT", "factor": 1, "decimals": 0}], "revision": 0}
    assert ask("change_plm_setup", "PUT", "/api/v1/plm/units", own)[1]["data"]["revision"] == 1
    assert ask("change_plm_setup", "PUT", "/api/v1/plm/units", own)[1]["data"]["revision"] == 1
    kg = {"lines": [{"sequence": 1, "component": "R", "quantity": 1, "unit": "KG"}], "revision": 0}
    assert ask("change_boms", "PUT", f"{BOMS}/X/versions/A", kg)[0] == 422
    twice = {"units": [own["units"][0]] * 2, "revision": 1}
    assert ask("change_plm_setup", "PUT", "/api/v1/plm/units", twice)[0] == 422


def test_rules_of_a_connection_are_read_back() -> None:
    rules = {"zone": "Asia/Shanghai", "overlapMinutes": 60, "revisions": "ASME_Y14_35", "revision": 0}
    ask("change_plm_setup", "PUT", "/api/v1/plm/connections/default/rules", rules)
    found = ask("read_plm_setup", "GET", "/api/v1/plm/connections/default/rules")[1]["data"]
    assert (found["zone"], found["overlapMinutes"], found["revision"]) == ("Asia/Shanghai", 60, 1)
    assert (
        ask("change_plm_setup", "PUT", "/api/v1/plm/connections/default/rules", {"zone": "Mars", "revision": 1})[0]
        == 400
    )
    assert json.loads(items("CONNECTION_RULES")[0]["identity"])["fold_case"] is False
