"""Configuration into and out of files (CFG-14; REQ-008 8.2.2)."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enghub.core import audit
from enghub.core.identity import Principal
from enghub.core.multipart import Uploaded, read_form
from enghub.kit.sheets import files
from enghub.kit.sheets.model import Format
from enghub.settings.configs.commits import created
from enghub.settings.configs.model import Address, ConfigType, Content, EffectiveMode, Layer, Owner, Scope
from enghub.settings.transfers.columns import COLUMNS, read_row, row_of
from tests.factories.forms import BOUNDARY, a_form, form_body
from tests.factories.http import NOW, Context, a_principal, an_origin
from tests.factories.settings import ADMIN, BASE, EVERYTHING, SESSION_TIMEOUT, data, handler, sent_to
from tests.factories.stored import items


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def text(config_key: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"configKey": config_key, "configValue": value, **fields}


def taken_in(
    content: bytes | str, name: str = "config.csv", *, caller: Principal = ADMIN, layer: str = "tenant", **form: str
) -> tuple[int, dict[str, Any]]:
    file = (name, content.encode() if isinstance(content, str) else content)
    event = a_form(f"{BASE}/import", {"file": file, **form}, caller=caller, query={"layer": layer})
    found = handler("transfer_configs")(event, Context())
    return found["statusCode"], json.loads(found["body"])


def taken_out(kind: str, **query: str) -> dict[str, Any]:
    found = sent_to("transfer_configs", "GET", f"{BASE}/export", query={"format": kind, **query})
    assert found["statusCode"] == 200, found["body"]
    exported: dict[str, Any] = json.loads(found["body"])["data"]
    return exported


def content_of(exported: dict[str, Any]) -> bytes:
    text: str = exported["content"]
    return base64.b64decode(text) if exported["encoding"] == "base64" else text.encode()


def some_items() -> None:
    data("POST", body=SESSION_TIMEOUT)
    data("POST", body=text("greeting", '=1+1, "quoted"\nßecond line', tags=["a,b", "c"], category="ui", scope="MODULE"))
    data("POST", body=text("code", "0012", description="leading zeros"))
    data("POST", body=text("limits", '{"a": 1E5, "b": [null, "no"]}', configType="JSON"))
    data("POST", body=text("url", "https://${code}/"))
    later = {"effectiveMode": "SCHEDULED", "effectiveTime": "2090-01-01T08:00:00", "timeZone": "Asia/Shanghai"}
    data("POST", body=text("planned", "1", **later))


# --- round trips ---


@pytest.mark.parametrize("kind", ["excel", "csv", "json", "yaml", "xml"])
def test_an_import_of_an_export_changes_nothing(kind: str) -> None:
    some_items()
    exported = taken_out(kind)
    assert exported["items"] == 6
    before = items("CONFIG"), items("CONFIG_VERSION")
    status, body = taken_in(content_of(exported), exported["fileName"], overwriteExisting="true")
    assert status == 200, body
    assert {line["outcome"] for line in body["data"]["items"]} == {"UNCHANGED"}
    assert (items("CONFIG"), items("CONFIG_VERSION")) == before


@pytest.mark.parametrize("kind", ["excel", "yaml"])
def test_an_export_makes_the_same_items_elsewhere(kind: str) -> None:
    some_items()
    exported = taken_out(kind)
    other = a_principal("config:read", *EVERYTHING, user="admin", tenant="globex")
    status, body = taken_in(content_of(exported), exported["fileName"], caller=other)
    assert (status, body["data"]["created"]) == (200, 6), body
    names = ["configValue", "configType", "tags", "validationRule", "timeZone", "description", "effectiveMode"]
    for key in ("session.timeout", "greeting", "code", "limits", "url", "planned"):
        mine, theirs = (data("GET", f"/{key}", caller=caller, layer="tenant") for caller in (ADMIN, other))
        told = [*names, "effectiveTime"] if key == "planned" else names
        assert [mine[name] for name in told] == [theirs[name] for name in told]


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)
contents = st.builds(
    Content,
    value=texts,
    scope=st.sampled_from(Scope),
    category=st.text(st.characters(categories=("L", "N")), max_size=10),
    tags=st.lists(st.text(st.characters(categories=("L", "P", "S")), min_size=1, max_size=8), max_size=3).map(
        lambda found: tuple(sorted({one.strip() for one in found if one.strip()}))
    ),
    description=texts.map(str.strip),
    rule=st.sampled_from([None, {"type": "length", "max": 40}, {"type": "enum", "values": ["no", "1E5", "="]}]),
    is_active=st.booleans(),
    expire_at=st.sampled_from([None, NOW]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(contents, min_size=1, max_size=4), st.sampled_from([f for f in Format if f is not Format.PROPERTIES]))
def test_every_content_comes_back_from_every_format_as_it_was(found: list[Content], kind: Format) -> None:
    owner = Owner.of(Layer.TENANT, "acme", "admin")
    configs = [
        created(Address(owner, f"k{number}"), content, None, an_origin(), "").after
        for number, content in enumerate(found)
    ]
    rows = files.read(files.write(kind, COLUMNS, [row_of(one) for one in configs]), kind, ("a", "b")).rows
    for row, config in zip(rows, configs, strict=True):
        said = read_row(row)
        assert (said.config_key, said.version) == (config.address.config_key, 1)
        assert said.patched(config.content) == config.content
        assert said.patched(Content("other", ConfigType.STRING, mode=EffectiveMode.MANUAL)) == config.content


# --- what an import does ---


def test_existing_items_are_left_alone_unless_they_are_to_be_overwritten() -> None:
    data("POST", body=text("a", "1", description="stays"))
    file = "configKey,configValue\na,2\nb,${a}\n"
    status, body = taken_in(file)
    outcomes = [(line["configKey"], line["place"], line["outcome"], line["version"]) for line in body["data"]["items"]]
    assert (status, outcomes) == (200, [("a", "row 2", "SKIPPED", None), ("b", "row 3", "CREATED", 1)])
    assert data("GET", "/a")["configValue"] == "1"
    body = taken_in(file, overwriteExisting="true", changeReason="from the plant")[1]
    assert [line["outcome"] for line in body["data"]["items"]] == ["UPDATED", "UNCHANGED"]
    found = data("GET", "/a", layer="tenant")
    assert (found["configValue"], found["description"], found["version"]) == ("2", "stays", 2)
    assert audit.history("acme", "config/-/tenant/-/a")[-1].reason == "from the plant"


def test_a_dry_run_says_what_would_happen_and_changes_nothing() -> None:
    data("POST", body=SESSION_TIMEOUT)
    file = "configKey,configValue\nsession.timeout,7200\nnew,1\n"
    body = taken_in(file, overwriteExisting="true", dryRun="true")[1]
    assert (body["data"]["dryRun"], body["data"]["created"], body["data"]["updated"]) == (True, 1, 1)
    status, body = taken_in("configKey,configValue\nsession.timeout,5\n", overwriteExisting="true", dryRun="true")
    assert (status, body["details"]["errors"][0]["code"]) == (422, "40003")
    assert data("GET")["total"] == 1
    assert data("GET", "/session.timeout")["version"] == 1


def test_an_edited_export_is_merged_with_what_others_changed_since() -> None:
    data("POST", body=text("a", "1", description="old"))
    data("POST", body=text("b", "1"))
    exported = json.loads(taken_out("json")["content"])["configs"]
    for one in exported:
        one["configValue"] = "mine"
    data("PATCH", "/a", {"description": "theirs", "version": 1})
    status, body = taken_in(json.dumps(exported), "edited.json", overwriteExisting="true")
    assert [line["outcome"] for line in body["data"]["items"]] == ["MERGED", "UPDATED"], body
    found = data("GET", "/a", layer="tenant")
    assert (found["configValue"], found["description"]) == ("mine", "theirs")
    data("PATCH", "/b", {"configValue": "theirs"})
    exported[1]["configValue"] = "mine again"
    status, body = taken_in(json.dumps(exported[1:]), "edited.json", overwriteExisting="true")
    assert (status, body["details"]["errors"][0]["code"]) == (422, "40902")


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("a,1,NUMBR,,", "configType", "40001"),
        ("a,ten,NUMBER,,", "configValue", "40001"),
        ("1st,1,STRING,,", "configKey", "40002"),
        ("a,1,NUMBER,not json,", "validationRule", "40001"),
        ("a,1,STRING,,perhaps", "isActive", "40001"),
        ("a,${gone},STRING,,", None, "42201"),
        ("ok,1,STRING,,", "configKey", "40001"),
    ],
)
def test_a_row_that_is_refused_is_named_with_its_place_and_nothing_is_changed(
    row: str, field: str | None, code: str
) -> None:
    file = f"configKey,configValue,configType,validationRule,isActive\nok,1,STRING,,\n{row}\n"
    status, body = taken_in(file)
    assert (status, body["code"]) == (422, "42201")
    (error,) = body["details"]["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert error["place"] in {"row 3", "A3", "B3", "C3", "D3", "E3"}
    assert data("GET")["total"] == 0


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "config.csv"),
        (b"configKey,configValue\n", "config.csv"),
        (b"{", "config.json"),
        (b"not a zip", "config.xlsx"),
        (b"configKey\n", "config.doc"),
        (b"a: &x 1\nb: *x\n", "config.yaml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a><c><configKey>&b;</configKey></c></a>', "config.xml"),
        (b"configKey,configValue\n" + b"a,1\n" * 2_001, "config.csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(content: bytes, name: str) -> None:
    status, body = taken_in(content, name)
    assert (status, body["code"], body["details"]["field"]) == (400, "40001", "file")
    assert data("GET")["total"] == 0


def test_a_large_import_is_one_change_set() -> None:
    file = "configKey,configValue\n" + "".join(f"k{number},${{k0}}\n" for number in range(1, 25)) + "k0,1\n"
    status, body = taken_in(file)
    assert (status, body["data"]["created"]) == (200, 25), body
    assert len(items("CHANGE_SET")) == 1
    assert data("GET")["total"] == 25


def test_taking_in_and_out_is_kept_in_the_audit_and_takes_its_right() -> None:
    some_items()
    taken_out("json", scope="MODULE")
    (entry,) = [one for one in items("AUDIT") if one["action"] == "config_export.made"]
    assert json.loads(entry["after"]) == {
        "layer": "tenant",
        "userId": "",
        "format": "json",
        "scope": "MODULE",
        "items": 1,
    }
    reader = a_principal("config:read", "config:create", user="emp-002")
    status, body = taken_in("configKey,configValue\na,1\n", caller=reader)
    assert (status, body["details"]["permission"]) == (403, "config:update")


# --- the form ---


def test_a_file_of_a_template_has_its_items_alone_and_their_types() -> None:
    status, done = taken_in(
        "configKey,configValue\nsession.timeout,1800\npassword.minLength,9\n", templateId="security"
    )
    assert (status, done["data"]["created"]) == (200, 2)
    found = data("GET", "/session.timeout", layer="tenant")
    assert (found["configType"], found["templateId"], found["templateVersion"]) == ("NUMBER", "security", "1.0.0")
    assert found["validationRule"] == {"type": "range", "min": 300, "max": 86400}
    status, refused = taken_in(
        "configKey,configValue\nsession.idle,1\nsession.maxConcurrent,11\n", templateId="security"
    )
    assert status == 422
    told = [(one["configKey"], one["place"], one["field"]) for one in refused["details"]["errors"]]
    assert told == [("session.idle", "A2", "configKey")]
    status, refused = taken_in("configKey,configValue\nsession.maxConcurrent,11\n", templateId="security")
    assert (status, refused["details"]["errors"][0]["code"]) == (422, "40003")
    assert taken_in("configKey,configValue\na,1\n", templateId="nobodys")[0] == 404


def test_a_form_keeps_every_byte_of_its_files() -> None:
    content = bytes(range(256)) + b"\r\n--\r\n"
    kind = f'multipart/form-data; boundary="{BOUNDARY}"'
    found = read_form(form_body({"file": ('a"b.bin'.replace('"', '\\"'), content), "note": "ä"}), kind)
    assert found == {"file": Uploaded('a"b.bin', content), "note": "ä"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", f"multipart/form-data; boundary={BOUNDARY}"),
        (b"no form", f"multipart/form-data; boundary={BOUNDARY}"),
        (form_body({"file": ("a.csv", b"")})[:-8], f"multipart/form-data; boundary={BOUNDARY}"),
        (form_body({"file": ("a.csv", b"x")}), "multipart/form-data"),
        (form_body({"file": "no file"}), f"multipart/form-data; boundary={BOUNDARY}"),
        (form_body({"file": ("a.csv", b"x"), "template": "123"}), f"multipart/form-data; boundary={BOUNDARY}"),
        (form_body({"file": ("a.csv", b"x"), "dryRun": "perhaps"}), f"multipart/form-data; boundary={BOUNDARY}"),
    ],
)
def test_a_form_that_is_none_is_refused(body: bytes, kind: str) -> None:
    event = a_form(f"{BASE}/import", {}, caller=ADMIN, body=body, kind=kind)
    found = handler("transfer_configs")(event, Context())
    assert found["statusCode"] == 400, found["body"]


def test_json_is_no_form() -> None:
    found = sent_to("transfer_configs", "POST", f"{BASE}/import", {"file": "x"})
    assert found["statusCode"] == 415
