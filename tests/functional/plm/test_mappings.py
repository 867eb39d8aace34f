"""Mapping rules of a connection as data, through the functions to the products (PLM-23)."""

from typing import Any

import pytest

from enghub.plm.gateways import wiring
from enghub.plm.mappings import wiring as mapping_wiring
from enghub.sandbox.plm import catalogue
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_record, call, handler, queued
from tests.factories.stored import commands, emptied, events, items, products_hash
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SoapServer
from tests.functional.plm.test_files import FOLDER, beside, bucket, dropped, newest, taken, told
from tests.functional.plm.test_soap import given, servers, synced
from tests.functional.plm.test_sync import report
from tests.unit.plm.test_file_reading import in_csv

__all__ = ["bucket", "servers"]
PATH = "/api/v1/plm/connections/{}/mappings/products"
ADMIN = a_principal("field_mapping:read", "field_mapping:change", "plm_setup:change", user="emp-001")
NAMES: list[dict[str, Any]] = [
    {"field": "productCode", "source": "料号", "convert": "upper(trim(value))"},
    {"field": "productName", "source": "title"},
    {"field": "lifecycleState", "source": "state", "values": {"已发布": "RELEASED", "设计中": "IN_WORK"}},
    {"field": "mappingType", "convert": "'ONE_TO_ONE'"},
]
FOREIGN = {"料号": " sns-4000-0001", "title": "Sensor", "state": "已发布"}
MEANT = {
    "productCode": "SNS-4000-0001",
    "productName": "Sensor",
    "lifecycleState": "RELEASED",
    "mappingType": "ONE_TO_ONE",
}
PROOF = {"name": "a released sensor", "source": FOREIGN, "expect": MEANT}


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Forget compiled versions: each test has a table of its own."""
    mapping_wiring.compiled.cache_clear()


def put(fields: list[dict[str, Any]], tests: list[dict[str, Any]], connection: str = "default", **more: Any) -> Any:
    body = {"fields": fields, "tests": tests, **more}
    return call("change_plm_setup", a_request("PUT", PATH.format(connection), body, caller=ADMIN))


def read(more: str = "", connection: str = "default", **query: str) -> Any:
    return call("read_plm_setup", a_request("GET", PATH.format(connection) + more, caller=ADMIN, query=query))


def change(what: str, body: dict[str, Any], connection: str = "default", caller: Any = ADMIN) -> Any:
    return call("change_plm_setup", a_request("POST", f"{PATH.format(connection)}/{what}", body, caller=caller))


def activated(
    fields: list[dict[str, Any]], tests: list[dict[str, Any]], connection: str = "default", **more: Any
) -> Any:
    """Store a version and activate it; returns the preview that was seen."""
    status, body = put(fields, tests, connection, **more)
    assert status == 200, body
    seen = read("/preview", connection)[1]["data"]
    wanted = {"version": body["data"]["version"], "preview": seen["digest"], "changeReason": "new PLM"}
    status, body = change("activation", wanted, connection)
    assert status == 200, body
    return seen


def foreign(number: int) -> dict[str, Any]:
    """Return a good record of the sandbox as another PLM writes it."""
    found = dict(catalogue.record(number))
    found["料号"] = found.pop("productCode").lower()
    found["title"] = found.pop("productName")
    found["state"] = {"RELEASED": "已发布", "IN_WORK": "设计中"}.get(found["lifecycleState"], found["lifecycleState"])
    del found["lifecycleState"], found["mappingType"]
    return found


GOOD = [n for n in range(40) if n % 200 not in {17, 57, 97, 137, 177} and catalogue.record(n)["materialCode"] is None]


def test_a_plm_with_names_of_its_own_needs_no_code_whatever_it_speaks(
    bucket: Any, servers: tuple[PlmServer, SoapServer]
) -> None:
    data = taken(bucket, in_csv(*(catalogue.record(n) for n in GOOD)))
    assert data["records"]["created"] == len(GOOD)
    wanted = products_hash()
    emptied()
    others = [*NAMES[:3], {**NAMES[3], "convert": "'ONE_TO_ONE'"}]
    activated(others, [PROOF])
    text = "\n".join([",".join(f'"{name}"' for name in foreign(GOOD[0])), *(_line(foreign(n)) for n in GOOD)])
    data = taken(bucket, text, "foreign.csv")
    assert (data["records"]["created"], data["mappingVersion"]) == (len(GOOD), 1)
    assert products_hash() == wanted
    assert taken(bucket, in_csv(a_record(1)), "old.csv")["failure"].startswith(
        "the file is refused: line 1: there is no column 料号"
    )


def _line(record: dict[str, Any]) -> str:
    return ",".join('"' + ("" if value is None else value.replace('"', '""')) + '"' for value in record.values())


def test_rest_and_soap_are_mapped_and_what_soap_leaves_out_stays(servers: tuple[PlmServer, SoapServer]) -> None:
    rest, soap = servers
    rest.scenario = soap.scenario = Scenario(products=12)
    synced("default")
    before = products_hash()
    emptied()
    upper = [{"field": "productName", "source": "productName", "convert": "upper(value)"}]
    proof = [{"name": "names are shouted", "source": {"productName": "a"}, "expect": {"productName": "A"}}]
    for name in ("default", "soap"):
        activated(upper, proof, name)
    synced("default")
    by_rest = products_hash()
    emptied_but_mappings = items("PRODUCT")
    assert all(one["name"] == one["name"].upper() for one in emptied_but_mappings)
    assert by_rest != before
    emptied()
    activated(upper, proof, "soap")
    synced("soap")
    assert products_hash() == by_rest
    assert given(soap, "<product><objectId>OBJ-0000001</objectId><productCode>ECU-4000-0001</productCode></product>")
    assert {one["name"] for one in items("PRODUCT")} == {one["name"] for one in emptied_but_mappings}


def test_a_change_shows_what_it_would_change_before_it_is_activated(servers: tuple[PlmServer, SoapServer]) -> None:
    synced("default")
    only = [{"field": "unit", "source": "unit", "values": {"KG": "kg"}}]
    proof = [{"name": "kilograms", "source": {"unit": "KG"}, "expect": {"unit": "kg"}}]
    rule = {"name": "boards come from the other PLM", "field": "productGroup", "rule": "record.productGroup != 'BOARD'"}
    refused = {"name": "a board", "source": {"unit": "KG", "productGroup": "BOARD"}, "refused": "productGroup"}
    assert put(only, [*proof, refused], checks=[rule])[0] == 200
    seen = read("/preview", pageSize="5")[1]["data"]
    thermal = [n for n in range(200) if catalogue.record(n)["productGroup"] == "THERMAL"]
    assert (seen["version"], seen["insteadOf"], seen["records"]) == (1, 0, 200)
    fates = {(one["before"], one["after"]): one["records"] for one in seen["fates"]}
    assert fates["TAKEN", "REJECTED"] >= 20
    assert fates["TAKEN", "TAKEN"] + fates["TAKEN", "REJECTED"] + fates["REJECTED", "REJECTED"] == 200
    assert len(seen["items"]) == 5
    pages, cursor = list(seen["items"]), seen["cursor"]
    while cursor:
        page = read("/preview", pageSize="100", cursor=cursor)[1]["data"]
        pages, cursor = [*pages, *page["items"]], page["cursor"]
    assert len(pages) == seen["changed"]
    kilos = [one for one in pages if one["fields"] == ["unit"]]
    assert (kilos[0]["before"]["fields"]["unit"], kilos[0]["after"]["fields"]["unit"]) == ("KG", "kg")
    assert len(kilos) >= len(thermal) - 2
    stopped = next(one for one in pages if one["after"]["fate"] == "REJECTED" and one["before"]["fate"] == "TAKEN")
    assert stopped["after"]["problem"]["reason"] == "RULE"
    assert items("PRODUCT")[0]["mapping_version"] == "0"


def test_only_what_was_seen_is_activated(servers: tuple[PlmServer, SoapServer]) -> None:
    servers[0].scenario = Scenario(products=10)
    kilos = [{"field": "unit", "source": "unit", "values": {"KG": "kg", "PCS": "pcs"}}]
    proof = [{"name": "kilograms", "source": {"unit": "KG"}, "expect": {"unit": "kg"}}]
    put(kilos, proof)
    seen = read("/preview")[1]["data"]
    assert (seen["records"], seen["changed"]) == (0, 0)
    synced("default")
    wanted = {"version": 1, "preview": seen["digest"]}
    status, body = change("activation", wanted)
    assert (status, body["details"]["error"]) == (409, "PREVIEW_OUTDATED")
    newer = read("/preview")[1]["data"]["digest"]
    assert change("activation", {**wanted, "preview": newer})[0] == 200
    assert change("activation", {**wanted, "preview": newer})[0] == 200, "a repeat changes nothing"
    (told_of,) = events("FieldMappingActivated")
    assert (told_of["data"]["version"], told_of["data"]["changed_records"]) == (1, 10)
    entries = [one["action"] for one in items("AUDIT") if one["action"].startswith("field_mapping.")]
    assert sorted(entries) == ["field_mapping.activated", "field_mapping.created"]


def test_new_rules_reach_what_is_stored_with_the_next_full_run_and_one_goes_back(
    servers: tuple[PlmServer, SoapServer],
) -> None:
    servers[0].scenario = Scenario(products=10)
    synced("default")
    first = products_hash()
    kilos = [{"field": "unit", "source": "unit", "values": {"KG": "kg", "PCS": "pcs"}}]
    activated(kilos, [{"name": "pieces", "source": {"unit": "PCS"}, "expect": {"unit": "pcs"}}])
    assert products_hash() == first
    data = synced("default")
    assert (data["records"]["updated"], data["mappingVersion"]) == (10, 1)
    assert {one["unit"] for one in items("MATERIAL")} <= {"pcs", "kg"}
    assert synced("default")["records"]["unchanged"] == 10
    status, body = change("rollback", {"version": 0, "reason": "wrong unit list"})
    assert (status, body["data"]["activeVersion"], body["data"]["activations"]) == (200, 0, [1, 0])
    assert synced("default")["records"]["updated"] == 10
    assert products_hash() == first
    assert change("rollback", {"version": 1, "reason": "it was right"})[0] == 200
    put(kilos[:0], [], version=1)
    status, body = change("rollback", {"version": 2, "reason": "never was"})
    assert (status, body["details"]["error"]) == (422, "NEVER_ACTIVE")
    versions = read("/versions")[1]["data"]["items"]
    assert [one["version"] for one in versions] == [2, 1]
    assert "changed_records" not in events("FieldMappingActivated")[-1]["data"]


def test_records_left_out_are_counted_and_are_not_gone(servers: tuple[PlmServer, SoapServer]) -> None:
    servers[0].scenario = Scenario(products=16)
    synced("default")
    proof: list[dict[str, Any]] = [
        {"name": "boards", "source": {"productGroup": "BOARD"}, "leftOut": True},
        {"name": "sensors", "source": {"productGroup": "SENSOR"}, "expect": {"productGroup": "SENSOR"}},
    ]
    activated([], proof, take="source.productGroup != 'BOARD'")
    data = synced("default")
    boards = sum(catalogue.record(n)["productGroup"] == "BOARD" for n in range(16))
    assert (data["leftOut"], sum(data["records"].values())) == (boards, 16 - boards)
    assert handler("mark_gone")(queued(*commands("mark_gone")[-1:]), Context())["batchItemFailures"] == []
    assert (report(data["runId"])["gone"], sum("gone_at" in one for one in items("PRODUCT"))) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "more", "words"),
    [
        ([{"field": "productNme", "source": "a"}], {}, "fields.0.field: there is no field productNme"),
        ([{"field": "unit"}], {}, "fields.0.source: name a member"),
        (
            [{"field": "unit", "source": "a"}, {"field": "unit", "source": "b"}],
            {},
            "fields.1.field: unit is made twice",
        ),
        ([{"field": "unit", "convert": "upper("}], {}, "fields.0.convert: 'upper('"),
        ([{"field": "unit", "convert": "number(value)"}], {}, "let the field read NUMBER"),
        (
            [{"field": "unit", "convert": "len(map(split(value, ''), len(filter(split(value, ''), # == 'a'))))"}],
            {},
            "one",
        ),
        ([], {"checks": [{"name": "x", "field": "nope", "rule": "true"}]}, "checks.0.field: there is no field nope"),
        ([], {"take": "rand(3) > 1"}, "take: 'rand(3) > 1'"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_by_its_place(fields: Any, more: Any, words: str) -> None:
    status, body = put(fields, [], **more)
    assert status in {400, 422}
    assert words in body["message"], body


def test_a_version_without_proof_is_not_activated(servers: tuple[PlmServer, SoapServer]) -> None:
    rule = {"name": "known groups", "field": "productGroup", "rule": "record.productGroup in ['SENSOR']"}
    put(NAMES, [{**PROOF, "expect": {**MEANT, "productName": "Other"}}], checks=[rule], take="source.state != 'x'")
    status, body = change("activation", {"version": 1, "preview": "0" * 64})
    assert (status, body["details"]["error"]) == (422, "MAPPING_UNPROVEN")
    assert body["details"]["unproved"][-2:] == ["check known groups", "take"]
    status, body = call("read_plm_setup", a_request("POST", f"{PATH.format('default')}/test", caller=ADMIN))
    assert (status, body["data"]["isProved"], body["data"]["tests"][0]["passed"]) == (200, False, False)


def test_a_record_that_cannot_be_mapped_is_refused_alone_and_by_name(bucket: Any) -> None:
    fields = [
        {"field": "productName", "source": "productName", "convert": "upper(value)"},
        {"field": "unit", "source": "unit", "reads": "NUMBER", "convert": "value > 1 ? 'PCS' : 'KG'"},
    ]
    activated(
        fields,
        [{"name": "x", "source": {"productName": "a", "unit": "2"}, "expect": {"productName": "A", "unit": "PCS"}}],
    )
    records = [
        a_record(1, unit="2"),
        a_record(2, unit="1_000"),
        a_record(3, unit="２"),
        a_record(4, unit="NaN"),
        a_record(5, unit="1", productName=""),
        a_record(6, unit="1", productName="x" * 2001),
    ]
    data = taken(bucket, in_csv(*records))
    assert data["records"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 5}
    assert [(one["place"], one["reason"], one["field"]) for one in beside(bucket)] == [
        ("line 3", "NUMBER", "unit"),
        ("line 4", "NUMBER", "unit"),
        ("line 5", "NUMBER", "unit"),
        ("line 6", "MAPPING", "productName"),
        ("line 7", "TOO_LONG", "productName"),
    ]


def test_a_file_keeps_the_rules_it_was_read_by(bucket: Any) -> None:
    assert told(dropped(bucket, in_csv(a_record(1)))) == []
    activated(NAMES, [PROOF])
    from tests.functional.plm.test_sync import executed  # noqa: PLC0415

    executed(newest())
    data = report(newest())
    assert (data["records"]["created"], data["mappingVersion"], data["source"]) == (1, 0, f"{FOLDER}/night.csv")


def test_who_may_only_read_changes_nothing(servers: tuple[PlmServer, SoapServer]) -> None:
    reader = a_principal("field_mapping:read")
    status, _ = call(
        "change_plm_setup", a_request("PUT", PATH.format("default"), {"fields": [], "tests": []}, caller=reader)
    )
    assert status == 403
    assert change("rollback", {"version": 0, "reason": "x"}, caller=reader)[0] == 403
    stranger = a_principal("field_mapping:read", tenant="globex")
    put(NAMES, [PROOF])
    status, body = call("read_plm_setup", a_request("GET", PATH.format("default"), caller=stranger))
    assert (status, body["data"]["version"]) == (200, 0)
    assert read(version="7")[0] == 404
    assert wiring.mapped() is not None
