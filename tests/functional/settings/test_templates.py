"""Templates: kept in versions, made into configuration at one moment, upgraded by three-way merge (CFG-13, CFG-20)."""

import json
from typing import Any

import jsonschema_rs
import pytest

from enghub.settings import approval_wiring
from enghub.settings.configs import wiring
from enghub.settings.templates import builtin
from enghub.settings.templates import wiring as template_wiring
from tests.factories.handlers import ROOT, sample_event
from tests.factories.http import Context, a_principal
from tests.factories.settings import answer, handler, make_field_key, sent_to
from tests.factories.stored import items
from tests.factories.templates import a_template, data, imported, sent

FILES = ROOT / "layers/settings/python/enghub/settings/templates/content"


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")
    caches = (wiring.configs, wiring.approving, wiring.approval_rules, template_wiring.templates)
    for made in (*caches, template_wiring.applying, approval_wiring.approving):
        made.cache_clear()


def item(key: str, layer: str = "tenant") -> dict[str, Any]:
    found = json.loads(answer("GET", f"/{key}", layer=layer)["body"])
    assert found["success"], found
    return dict(found["data"])


def outcomes(found: Any) -> dict[str, str]:
    return {one["configKey"]: one["outcome"] for one in found["items"]}


def patched(key: str, **fields: Any) -> None:
    assert answer("PATCH", f"/{key}", fields)["statusCode"] == 200


# --- built in ---


def test_the_built_in_files_fit_their_schema_and_have_the_documents_values() -> None:
    schema = json.loads((FILES / "schema.json").read_text("utf-8"))
    for path in FILES.glob("*-*.json"):
        said = json.loads(path.read_text("utf-8"))
        jsonschema_rs.validate(schema, said)
        assert path.name == f"{said['templateId']}-{said['version']}.json"
    security = data("GET", "/security", version="1.0.0")
    assert (security["templateName"], security["layer"]) == ("安全策略配置", "builtin")
    assert {one["configKey"]: one["defaultValue"] for one in security["shown"]["items"]} == {
        "password.minLength": "8",
        "password.requireUppercase": "true",
        "password.requireLowercase": "true",
        "password.requireNumbers": "true",
        "password.requireSpecialChars": "false",
        "session.timeout": "3600",
        "session.maxConcurrent": "3",
    }
    ui = builtin.versions()["ui"][0]
    assert ui.items["theme.primaryColor"].default == "#1890ff"
    assert ui.items["layout.sidebarWidth"].rule == {"type": "range", "min": 200, "max": 400}


def test_the_samples_work() -> None:
    for name in ("read_templates", "change_templates"):
        assert handler(name)(sample_event("settings", name), Context())["statusCode"] == 200


# --- applying ---


def test_a_dry_run_shows_what_an_apply_then_does_at_one_moment() -> None:
    answer("POST", body={"configKey": "session.timeout", "configValue": "1200", "configType": "NUMBER"})
    planned = data("POST", "/security/apply", {"dryRun": True})
    assert outcomes(planned)["session.timeout"] == "KEPT"
    assert outcomes(planned)["password.minLength"] == "CREATED"
    assert len(items("CONFIG")) == 1, "nothing was made"
    made = data("POST", "/security/apply", {"changeReason": "policy"})
    assert outcomes(made) == outcomes(planned)
    assert (item("password.minLength")["configValue"], item("session.timeout")["configValue"]) == ("8", "1200")
    found = item("password.minLength")
    assert (found["templateId"], found["templateVersion"], found["category"]) == ("security", "1.0.0", "security")
    assert found["validationRule"] == {"type": "range", "min": 6, "max": 20}
    assert set(outcomes(data("POST", "/security/apply", {})).values()) == {"KEPT", "UNCHANGED"}, "sent again"
    asked = data("POST", "/security/apply", {"overwriteExisting": True})
    line = next(one for one in asked["items"] if one["configKey"] == "session.timeout")
    assert (line["outcome"], line["before"], line["after"], line["version"]) == ("OVERWRITTEN", "1200", "3600", 2)


def test_what_a_template_says_of_a_value_holds_whoever_changes_it_later() -> None:
    data("POST", "/security/apply", {"values": {"password.minLength": 12}})
    found = answer("PATCH", "/password.minLength", {"configValue": "3"})
    assert (found["statusCode"], json.loads(found["body"])["code"]) == (400, "40003")
    assert item("password.minLength")["configValue"] == "12"


def test_one_value_that_is_refused_refuses_the_whole_template() -> None:
    for dry_run in (True, False):
        body = {"values": {"session.maxConcurrent": 11}, "dryRun": dry_run}
        status, refused = sent("POST", "/security/apply", body)
        assert (status, refused["details"]["error"]) == (422, "BATCH_REFUSED")
        assert [one["configKey"] for one in refused["details"]["errors"]] == ["session.maxConcurrent"]
    assert items("CONFIG") == []


@pytest.mark.parametrize(
    ("values", "field"),
    [({"no.such": 1}, "values.no.such"), ({"session.timeout": None}, "values.session.timeout")],
)
def test_a_value_of_no_item_is_refused_by_name(values: dict[str, Any], field: str) -> None:
    status, refused = sent("POST", "/security/apply", {"values": values})
    assert (status, refused["code"], refused["details"]["field"]) == (400, "40001", field)


def test_required_items_without_a_value_are_listed() -> None:
    data("PUT", "/line", a_template())
    assert data("POST", "/line/apply", {"dryRun": True})["missing"] == ["line.name"]
    status, refused = sent("POST", "/line/apply", {})
    assert (status, refused["details"]["missing"]) == (422, ["line.name"])
    assert items("CONFIG") == []
    made = data("POST", "/line/apply", {"values": {"line.name": "L1"}})
    assert set(outcomes(made).values()) == {"CREATED"}


def test_an_application_waits_for_its_approval() -> None:
    rule = {"stages": [{"name": "second", "roles": ["SECOND"]}], "names": ["password.*"]}
    boss = a_principal("approval:read", "approval_rule:change", "change_request:decide", user="boss")
    made = sent_to("decide_change", "PUT", "/api/v1/settings/approval-rules/pw", rule, caller=boss)
    assert made["statusCode"] in {200, 201}, made["body"]
    assert data("POST", "/security/apply", {"dryRun": True})["needsApproval"]
    status, held = sent("POST", "/security/apply", {})
    assert (status, items("CONFIG")) == (202, [])
    assert len(held["data"]["preview"]) == 7


def test_secrets_of_a_template_are_sealed_and_never_shown() -> None:
    make_field_key()
    schema = {"mail": {"password": {"type": "string", "writeOnly": True}, "host": {"type": "string"}}}
    status, refused = sent(
        "PUT", "/mail", a_template(templateSchema=schema, defaultValues={"mail.password": "x"}, templateName="M")
    )
    assert (status, refused["details"]["field"]) == (400, "defaultValues.mail.password")
    data("PUT", "/mail", a_template(templateSchema=schema, defaultValues={"mail.host": "h"}, templateName="M"))
    made = data("POST", "/mail/apply", {"values": {"mail.password": "Zq7"}})
    assert "Zq7" not in json.dumps(made) + json.dumps(items("CONFIG"))
    assert item("mail.password")["isEncrypted"]
    later = {**schema["mail"], "port": {"type": "integer", "minimum": 1}}
    data(
        "PUT",
        "/mail",
        a_template(
            templateSchema={"mail": later},
            defaultValues={"mail.host": "h2", "mail.port": 25},
            templateName="M",
            version="1.1.0",
        ),
    )
    done = data("POST", "/mail/upgrade", {})
    assert outcomes(done) == {"mail.password": "UPGRADED", "mail.host": "UPGRADED", "mail.port": "CREATED"}
    assert "Zq7" not in json.dumps(done) + json.dumps(items("CONFIG"))


# --- upgrading ---


SECOND = a_template(
    version="2.0.0",
    templateSchema={
        "line": {
            "speed": {"type": "number", "min": 1, "max": 50},
            "name": {"type": "string", "min": 1, "max": 20, "description": "Its name"},
            "colour": {"type": "string"},
        }
    },
    defaultValues={"line.speed": 20, "line.colour": "red"},
)


def applied() -> None:
    data("PUT", "/line", a_template())
    data("POST", "/line/apply", {"values": {"line.name": "L1"}})


def test_an_upgrade_keeps_what_the_tenant_changed_and_takes_the_rest() -> None:
    applied()
    patched("line.speed", configValue="33", description="ours")
    data("PUT", "/line", SECOND)
    planned = data("POST", "/line/upgrade", {"dryRun": True})
    done = data("POST", "/line/upgrade", {})
    assert outcomes(planned) == outcomes(done)
    assert outcomes(done) == {
        "line.speed": "MERGED",
        "line.name": "UPGRADED",
        "line.colour": "CREATED",
        "line.beep": "RETIRED",
    }
    speed = item("line.speed")
    assert (speed["configValue"], speed["description"], speed["templateVersion"]) == ("33", "ours", "2.0.0")
    assert speed["validationRule"] == {"type": "range", "min": 1, "max": 50}
    assert next(one["kept"] for one in done["items"] if one["configKey"] == "line.speed") == [
        "configValue",
        "description",
    ]
    assert (item("line.name")["configValue"], item("line.name")["description"]) == ("L1", "Its name")
    assert (item("line.beep")["isActive"], item("line.beep")["templateId"]) == (False, "")
    assert set(outcomes(data("POST", "/line/upgrade", {})).values()) == {"UNCHANGED"}, "sent again"


def test_what_breaks_a_new_rule_refuses_the_upgrade_until_it_gets_a_value() -> None:
    applied()
    patched("line.speed", configValue="90")
    data("PUT", "/line", SECOND)
    status, refused = sent("POST", "/line/upgrade", {})
    assert (status, refused["details"]["errors"][0]["configKey"]) == (422, "line.speed")
    assert item("line.name")["templateVersion"] == "1.0.0", "all or nothing"
    data("POST", "/line/upgrade", {"values": {"line.speed": 50}})
    assert item("line.speed")["configValue"] == "50"


def test_what_was_deleted_or_made_by_hand_stays_so() -> None:
    data("PUT", "/line", a_template())
    answer("POST", body={"configKey": "line.beep", "configValue": "false", "configType": "BOOLEAN"})
    data("POST", "/line/apply", {"values": {"line.name": "L1"}})
    assert answer("DELETE", "/line.speed")["statusCode"] == 200
    third = a_template(version="1.0.1", defaultValues={"line.speed": 11, "line.beep": True})
    data("PUT", "/line", third)
    assert outcomes(data("POST", "/line/upgrade", {})) == {
        "line.speed": "KEPT",
        "line.name": "UPGRADED",
        "line.beep": "KEPT",
    }
    assert answer("GET", "/line.speed", layer="tenant")["statusCode"] == 404
    assert (item("line.beep")["configValue"], item("line.beep")["isActive"]) == ("false", True)


def test_an_upgrade_over_several_versions_finds_what_earlier_ones_had() -> None:
    applied()
    data(
        "PUT",
        "/line",
        a_template(version="1.1.0", templateSchema={"line": {"x": {"type": "number"}}}, defaultValues={}),
    )
    data(
        "PUT",
        "/line",
        a_template(version="1.2.0", templateSchema={"line": {"y": {"type": "number"}}}, defaultValues={"line.y": 1}),
    )
    assert outcomes(data("POST", "/line/upgrade", {})) == {
        "line.y": "CREATED",
        "line.speed": "RETIRED",
        "line.name": "KEPT",
        "line.beep": "RETIRED",
    }


def test_rolling_an_item_back_brings_back_what_it_follows() -> None:
    applied()
    data("PUT", "/line", SECOND)
    data("POST", "/line/upgrade", {})
    back = answer("POST", "/line.speed/rollback", {"toVersion": 1})
    assert back["statusCode"] == 200, back["body"]
    assert (item("line.speed")["configValue"], item("line.speed")["templateVersion"]) == ("10", "1.0.0")
    again = data("POST", "/line/upgrade", {})
    assert (outcomes(again)["line.speed"], item("line.speed")["configValue"]) == ("UPGRADED", "20")


def test_no_upgrade_goes_back_or_begins_from_nothing() -> None:
    data("PUT", "/line", a_template())
    assert sent("POST", "/line/upgrade", {})[0] == 422
    data("POST", "/line/apply", {"values": {"line.name": "L1"}})
    data("PUT", "/line", SECOND)
    data("POST", "/line/upgrade", {})
    status, refused = sent("POST", "/line/upgrade", {"version": "1.0.0"})
    assert (status, refused["details"]["error"]) == (422, "TEMPLATE_UNFIT")


# --- keeping ---


def test_versions_are_kept_and_never_change() -> None:
    first = data("PUT", "/line", a_template())
    assert data("PUT", "/line", a_template())["updatedAt"] == first["updatedAt"], "sent again"
    data("PUT", "/line", SECOND)
    assert [one["version"] for one in data("GET", "/line/versions")["items"]] == ["2.0.0", "1.0.0"]
    assert data("GET", "/line", version="1.0.0")["shown"]["defaultValues"] == {"line.speed": 10, "line.beep": True}
    for version, why in (("2.0.0", "kept as it is"), ("1.5.0", "not newer")):
        status, refused = sent("PUT", "/line", a_template(version=version, description="other"))
        assert (status, refused["code"]) == (409, "40901")
        assert why in str(refused["message"])
    assert len(audit_of("line")) == 2


def audit_of(template_id: str) -> list[Any]:
    return [one for one in items("AUDIT") if one.get("subject") == f"config_template/-/{template_id}"]


def test_names_are_of_one_template_and_can_be_left() -> None:
    data("PUT", "/line", a_template())
    status, refused = sent("PUT", "/other", a_template())
    assert (status, refused["details"]["field"]) == (409, "templateName")
    data("PUT", "/line", {**SECOND, "templateName": "Renamed"})
    data("PUT", "/other", a_template())


def test_a_template_that_is_switched_off_cannot_be_applied() -> None:
    data("PUT", "/line", a_template())
    assert data("PUT", "/line", a_template(isActive=False))["isActive"] is False
    assert sent("POST", "/line/apply", {"values": {"line.name": "L"}})[0] == 422


@pytest.mark.parametrize("taken", ["security", "import", "completeness", "everybodys"])
def test_an_id_is_one_of_one_space(taken: str) -> None:
    if taken == "everybodys":
        data("PUT", f"/{taken}", a_template(), layer="global")
    status, refused = sent("PUT", f"/{taken}", a_template(templateName="Own"))
    assert (status, refused["details"]["field"]) == (409, "templateId")


def test_a_tenant_sees_its_own_templates_and_everybodys() -> None:
    data("PUT", "/all", a_template(templateName="All"), layer="global")
    data("PUT", "/line", a_template())
    found = {one["templateId"]: one["layer"] for one in data("GET", "")["items"]}
    assert found == {"all": "global", "line": "tenant", "security": "builtin", "ui": "builtin"}
    assert [one["templateId"] for one in data("GET", "", category="ui")["items"]] == ["ui"]
    other = a_principal("config_template:read", tenant="other")
    assert {one["templateId"] for one in data("GET", "", caller=other)["items"]} == {"all", "security", "ui"}
    assert sent("GET", "/line", caller=other)[0] == 404


def test_templates_go_out_as_files_and_come_in_again() -> None:
    file = data("GET", "/ui/export", version="1.0.0")
    said = json.loads(file["content"])
    assert file["fileName"] == "ui-1.0.0.json"
    assert said == {**json.loads((FILES / "ui-1.0.0.json").read_text("utf-8")), "validationRules": {}}
    status, made = imported(json.dumps({**said, "templateId": "ui-own"}).encode(), changeReason="taken over")
    assert (status, made["data"]["templateId"]) == (200, "ui-own")
    assert json.loads(data("GET", "/ui-own/export")["content"]) == {**said, "templateId": "ui-own"}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"{", "file"),
        (b"\xff\xfe", "file"),
        (b"[]", "file"),
        (b'{"templateId": "a", "templateId": "b"}', "file"),
        (b'{"templateId": "A b", "templateName": "n", "templateSchema": {}}', "file.templateId"),
        (b'{"templateId": "a", "templateName": "n", "templateSchema": {}, "more": 1}', "file.more"),
        (b'{"templateId": "a", "templateName": "n", "templateSchema": {}}', "templateSchema"),
        (b'{"templateId": "a", "templateName": "n", "templateSchema": {"a": 1e999999}}', "file"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(content: bytes, field: str) -> None:
    status, refused = imported(content)
    assert (status, refused["details"]["field"]) == (400, field)
    assert items("CONFIG_TEMPLATE") == []


# --- completeness ---


def test_completeness_counts_what_is_required_and_in_force() -> None:
    data("PUT", "/line", a_template())
    none = data("GET", "/line/completeness")
    assert (none["required"], none["present"], none["completeness"], none["following"]) == (2, 0, 0.0, [])
    answer("POST", body={"configKey": "line.name", "configValue": "L1"}, layer="global")
    half = data("GET", "/line/completeness")
    assert (half["present"], half["missing"], half["completeness"]) == (1, ["line.speed"], 0.5)
    data("POST", "/line/apply", {})
    whole = data("GET", "/line/completeness")
    assert (whole["missing"], whole["completeness"], whole["following"]) == ([], 1.0, ["1.0.0"])
    patched("line.speed", isActive=False)
    found = {one["templateId"]: one for one in data("GET", "/completeness")["items"]}
    assert found["line"]["missing"] == ["line.speed"]
    assert (found["security"]["required"], found["security"]["present"]) == (7, 0)


def test_a_count_of_many_templates_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enghub.settings.templates.applying.COUNTED_AT_ONCE", 7)
    first = data("GET", "/completeness")
    assert [one["templateId"] for one in first["items"]] == ["security"]
    assert first["nextAfter"] == "security"
    rest = data("GET", "/completeness", after="security")
    assert ([one["templateId"] for one in rest["items"]], rest["nextAfter"]) == (["ui"], None)


# --- users ---


def test_a_user_has_no_value_where_a_layer_behind_allows_none() -> None:
    schema = {"line": {"speed": {"type": "number", "x-overridable": False}, "beep": {"type": "boolean"}}}
    answer("POST", body={"configKey": "line.speed", "configValue": "99", "configType": "NUMBER"}, layer="user")
    data("PUT", "/line", a_template(templateSchema=schema))
    data("POST", "/line/apply", {})
    seen = json.loads(answer("GET", "/line.speed")["body"])["data"]
    assert (seen["configValue"], seen["layer"]) == ("10", "tenant"), "an earlier one counts no more"
    status = answer("PATCH", "/line.speed", {"configValue": "5"}, layer="user")
    assert (status["statusCode"], json.loads(status["body"])["details"]["suggestion"]) == (400, "tenant")
    body = {"configKey": "line.beep", "configValue": "false", "configType": "BOOLEAN"}
    assert answer("POST", body=body, layer="user")["statusCode"] == 201


def test_rights_are_of_the_layer() -> None:
    reader = a_principal("config_template:read")
    assert sent("POST", "/security/apply", {}, caller=reader)[0] == 403
    assert sent("PUT", "/line", a_template(), caller=reader)[0] == 403
    tenants = a_principal("config:create", "config:update")
    assert sent("POST", "/security/apply", {}, caller=tenants, layer="global")[0] == 403
    assert sent("POST", "/security/apply", {}, layer="user")[0] == 400
    data("POST", "/security/apply", {}, layer="global")
    assert item("session.timeout", layer="global")["configValue"] == "3600"
