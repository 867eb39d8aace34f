"""Traps of the field through the doors of this product (docs/settings-cases.md): other members of their kinds."""

import json
from datetime import datetime
from typing import Any

import pytest

from enghub.settings.evaluations.ofrep import bulk_etag
from tests.factories import rules
from tests.factories.forms import a_form
from tests.factories.http import Context
from tests.factories.settings import ADMIN, BASE, data, handler
from tests.factories.stored import waiting


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def made(key: str, value: str, layer: str = "tenant", **fields: Any) -> Any:
    return data("POST", body={"configKey": key, "configValue": value, **fields}, layer=layer)


def imported(name: str, content: str, **form: str) -> tuple[int, Any]:
    event = a_form(f"{BASE}/import", {"file": (name, content.encode()), **form}, caller=ADMIN)
    found = handler("transfer_configs")(event, Context())
    return found["statusCode"], json.loads(found["body"])


@pytest.mark.parametrize(("quantity", "row"), [(99, 2), (100, 2), (100.5, 1), (101, 1)])
def test_rows_of_a_rule_meet_at_their_bounds(quantity: float, row: int) -> None:
    """SF2: each case is one row's, at the bound and around it."""
    rules.data("PUT", "/dispatch.night", rules.a_rule())
    case = {"qty": quantity, "shift": "night"}
    (outcome,) = rules.data("POST", "/dispatch.night/simulate", {"cases": [case]})["outcomes"]
    assert (outcome["rows"], outcome["problem"]) == ([row], "")


def test_a_list_replaces_and_an_empty_one_of_the_user_is_explained_as_theirs() -> None:
    """SF9; objects hold lists, and lists of objects, that replace too."""
    for layer, roles in (("global", '["admin","moderator","supervisor"]'), ("tenant", '["mama"]')):
        made("roles", roles, layer, configType="JSON")
        made("shift", f'{{"roles":{roles},"steps":[{{"of":"{layer}"}}]}}', layer, configType="JSON")
    assert data("GET", "/roles")["configValue"] == '["mama"]'
    made("roles", "[]", "user", configType="JSON")
    made("shift", '{"roles":[]}', "user", configType="JSON")
    assert data("GET", "/roles")["configValue"] == "[]"
    assert json.loads(data("GET", "/shift")["configValue"]) == {"roles": [], "steps": [{"of": "tenant"}]}
    explained = data("GET", "/roles/explain")
    assert (explained["layer"], explained["configValue"], explained["mergedLayers"]) == ("user", "[]", [])


@pytest.mark.parametrize(("kind", "empty"), [("STRING", ""), ("JSON", "null"), ("JSON", '""'), ("JSON", "{}")])
def test_what_is_empty_is_a_value_and_each_change_is_told_once(kind: str, empty: str) -> None:
    """SF10."""
    made("banner", '"g"', "global", configType=kind)
    made("banner", '"v1"', configType=kind)
    told = len(waiting())
    assert data("PATCH", "/banner", {"configValue": empty, "version": 1})["configValue"] == empty
    seen = data("GET", "/banner")
    assert (seen["layer"], seen["configValue"]) == ("tenant", empty)
    data("DELETE", "/banner", version="2")
    data("DELETE", "/banner", version="2")
    seen = data("GET", "/banner")
    assert (seen["configValue"], seen["layer"]) == ('"g"', "global")
    assert len(waiting()) - told == 2, "one for the change, one for the deletion; a repeat tells nothing"


def test_no_tag_loses_its_zeros() -> None:
    """SF11: tags are hashes as hex; some of many begin with zeros."""
    tags = [bulk_etag("acme/1", {"targetingKey": f"u-{number}"}) for number in range(600)]
    assert any(tag.startswith('"00') for tag in tags)
    assert {len(tag) for tag in tags} == {34}
    assert len(set(tags)) == 600


def test_the_declared_type_says_what_yaml_means() -> None:
    """SF14, through an import."""
    texts = ["NO", "0510210600", "22:22", "3.10", "2027-02-06", "1E5", "yes", "0o17", "1_000", ".5"]
    rows = "".join(f"- configKey: k{n}\n  configValue: {text}\n" for n, text in enumerate(texts))
    status, found = imported("config.yaml", rows)
    assert (status, found["data"]["created"]) == (200, len(texts))
    assert [data("GET", f"/k{n}")["configValue"] for n in range(len(texts))] == texts
    for text, fits in (("1E5", True), ("0510210600", False), ("1_000", False), ("0x1F", False), ("12", True)):
        rows = f"- configKey: n\n  configType: NUMBER\n  configValue: {text}\n"
        status, found = imported("config.yaml", rows, dryRun="true")
        assert status == (200 if fits else 422), text
        assert fits or found["details"]["errors"][0]["place"].startswith("line 3"), found


@pytest.mark.parametrize("number", ["9007199254740993", "0.1000000000000000055511151231257827", "-0.0", "1E+5"])
def test_a_number_keeps_its_digits_through_every_door(number: str) -> None:
    """SF8 and its kind: saved, read, exported, imported, merged into an object."""
    made("n", number, configType="NUMBER")
    made("o", f'{{"n":{number}}}', configType="JSON")
    made("o", '{"m":1}', "user", configType="JSON")
    assert data("GET", "/n")["configValue"] == number
    assert f'"n":{number}' in data("GET", "/o")["configValue"]
    rows = json.dumps([{"configKey": "n", "configType": "NUMBER", "configValue": number}])
    assert imported("config.json", rows, overwriteExisting="true")[1]["data"]["unchanged"] == 1


def test_a_partial_write_keeps_zone_and_instant_of_a_schedule() -> None:
    """SF21, through the API; an import that says nothing of times keeps them too."""
    planned = {"effectiveMode": "SCHEDULED", "effectiveTime": "2027-03-28T02:30:00", "timeZone": "Europe/Berlin"}
    made("shift.start", "a", **planned)
    data("PATCH", "/shift.start", {"configValue": "b"})
    status, _ = imported("c.csv", "configKey,configValue\nshift.start,c\n", overwriteExisting="true")
    assert status == 200
    found = data("GET", "/shift.start", layer="tenant")
    begins = datetime.fromisoformat(found["effectiveTime"].replace("Z", "+00:00"))
    assert (found["configValue"], found["timeZone"]) == ("c", "Europe/Berlin")
    assert begins.isoformat() == "2027-03-28T01:00:00+00:00"
    status, refused = imported(
        "c.json",
        json.dumps(
            [
                {
                    "configKey": "x",
                    "configValue": "1",
                    "effectiveMode": "SCHEDULED",
                    "effectiveTime": "2027-10-31T02:30:00",
                }
            ]
        ),
    )
    assert status == 422
    assert refused["details"]["errors"][0]["field"] == "effectiveTime"
