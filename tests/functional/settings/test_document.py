"""Every endpoint of the source document with its documented request, answer and error codes (REQ-008 8.2, 8.3)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from enghub.core.identity import Principal
from enghub.kit.sheets import files
from enghub.kit.sheets.model import Format
from tests.factories.forms import a_form
from tests.factories.http import Context, a_principal, a_request
from tests.factories.releases import DOCUMENTED as RELEASE
from tests.factories.settings import EVERYTHING, SESSION_TIMEOUT, handler
from tests.faults.harness import forget_process
from tests.faults.wire import Wire, made, throttled, wired
from tests.waiting import instead_of_sleeping

CONFIGS, FLAGS, RELEASES = "/api/v1/system-config", "/api/v1/feature-flags", "/api/v1/gray-release"
OTHERS = ("flag:read", "flag:change", "release:read", "release:change")
ADMIN = a_principal("config:read", *EVERYTHING, *OTHERS, user="admin")
NOBODY = a_principal(user="nobody")
FUNCTIONS = {
    ("GET", CONFIGS): "read_configs",
    ("POST", CONFIGS): "create_config",
    ("PUT", CONFIGS): "change_config",
    ("DELETE", CONFIGS): "change_config",
    ("POST", f"{CONFIGS}/batch"): "change_config",
    ("POST", f"{CONFIGS}/import"): "transfer_configs",
    ("GET", f"{CONFIGS}/export"): "transfer_configs",
    ("GET", FLAGS): "read_flags",
    ("PUT", FLAGS): "change_flags",
    ("POST", FLAGS): "change_flags",
    ("POST", RELEASES): "change_releases",
    ("PUT", RELEASES): "change_releases",
}

LATER = "2094-08-15T00:00:00Z"
PUT = {
    "configValue": "7200",
    "effectiveMode": "SCHEDULED",
    "effectiveTime": LATER,
    "changeReason": "延长会话时间以提升用户体验",
}
BATCH = {
    "configs": [
        {"configKey": "session.timeout", "configValue": "3600", "scope": "GLOBAL"},
        {"configKey": "password.minLength", "configValue": "8", "scope": "GLOBAL"},
    ],
    "effectiveMode": "IMMEDIATE",
    "changeReason": "批量安全配置更新",
}
FLAG = {
    "isEnabled": True,
    "targetRules": {"tenants": ["tenant1", "tenant2"], "users": ["user1", "user2"], "percentage": 50},
}
STRATEGY = {"targetPercentage": 20, "incrementStep": 10}
WORKBOOK = files.write(Format.EXCEL, ["configKey", "configValue"], [["from.excel", "0012"]])
BAD_WORKBOOK = files.write(Format.EXCEL, ["configKey", "configValue"], [["uses", "${gone}"]])


@dataclass(frozen=True)
class Sent:
    """One request and what it is answered."""

    method: str
    path: str
    body: Any = None
    status: int = 200
    code: str = "200"
    query: Mapping[str, str] = field(default_factory=dict)
    caller: Principal | None = ADMIN
    shows: Mapping[str, Any] = field(default_factory=dict)
    """Members of the answer's data, or of a refusal's details."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.code} {self.shows}"[:110]


def answered(one: Sent) -> dict[str, Any]:
    under = [path for method, path in FUNCTIONS if method == one.method and one.path.startswith(path)]
    function = handler(FUNCTIONS[one.method, max(under, key=len)])
    if isinstance(one.body, bytes):
        parts: dict[str, str | tuple[str, bytes]] = {"file": ("config.xlsx", one.body), "overwriteExisting": "true"}
        event = a_form(one.path, parts, caller=one.caller, query=dict(one.query) or None)
    else:
        event = a_request(one.method, one.path, one.body, caller=one.caller, query=dict(one.query) or None)
    found: dict[str, Any] = function(event, Context())
    return found


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")
    forget_process()


@pytest.fixture
def world(table: None) -> str:
    """The items that the document's requests speak of; returns the id of a gray release."""
    ok(Sent("POST", CONFIGS, SESSION_TIMEOUT))
    ok(Sent("POST", CONFIGS, {"configKey": "password.minLength", "configValue": "6", "configType": "NUMBER"}))
    ok(Sent("POST", CONFIGS, {"configKey": "uses", "configValue": "${password.minLength}"}))
    ok(Sent("POST", FLAGS, {"flagKey": "new_feature_v2"}))
    release: str = ok(Sent("POST", RELEASES, RELEASE))["releaseId"]
    return release


def ok(one: Sent) -> Any:
    found = answered(one)
    assert found["statusCode"] < 300, found["body"]
    return json.loads(found["body"])["data"]


NEW = {**SESSION_TIMEOUT, "configKey": "session.other"}
DONE = [
    Sent("GET", CONFIGS, shows={"page": 1, "size": 20, "total": 3}),
    Sent(
        "GET",
        CONFIGS,
        query={"tenantId": "acme", "scope": "GLOBAL", "category": "", "keyword": "timeout", "sort": "created_at"},
        shows={"total": 1},
    ),
    Sent("GET", CONFIGS, query={"page": "2", "size": "2", "order": "desc"}, shows={"page": 2, "size": 2, "pages": 2}),
    Sent("GET", f"{CONFIGS}/session.timeout", shows={"configKey": "session.timeout", "configValue": "3600"}),
    Sent("GET", f"{CONFIGS}/session.timeout", query={"tenantId": "acme"}, shows={"layer": "tenant"}),
    Sent("POST", CONFIGS, NEW, 201, "201", shows=NEW),
    Sent("PUT", f"{CONFIGS}/session.timeout", PUT, shows={"configValue": "7200", "effectiveMode": "SCHEDULED"}),
    Sent("DELETE", f"{CONFIGS}/session.timeout", query={"tenantId": "acme"}, shows={"isDeleted": True}),
    Sent("POST", f"{CONFIGS}/batch", BATCH),
    Sent("POST", f"{CONFIGS}/import", WORKBOOK, shows={"created": 1}),
    Sent("GET", f"{CONFIGS}/export", query={"format": "excel"}, shows={"encoding": "base64", "items": 3}),
    Sent("GET", f"{CONFIGS}/export", query={"format": "json", "scope": "GLOBAL"}, shows={"items": 3}),
    Sent("GET", f"{CONFIGS}/export", query={"format": "yaml", "tenantId": "acme"}, shows={"encoding": "utf-8"}),
    Sent("GET", FLAGS, query={"environment": "PROD", "enabled": "false", "flagType": "BOOLEAN"}, shows={"total": 1}),
    Sent("PUT", f"{FLAGS}/new_feature_v2", {"isEnabled": True}, shows={"isEnabled": True, "version": 2}),
    Sent("POST", RELEASES, RELEASE, 201, "201", shows={"status": "DRAFT", "releaseName": "新功能灰度发布"}),
]

RANGE = {"type": "range", "min": 1, "max": 100}
BAD_NUMBER = {"configKey": "n", "configValue": "invalid_number", "configType": "NUMBER", "validationRule": RANGE}
OUT_OF_RANGE = {**NEW, "configValue": "5"}
REFUSED = [
    Sent(
        "POST",
        CONFIGS,
        BAD_NUMBER,
        400,
        "40001",
        shows={"field": "configValue", "expectedType": "NUMBER", "actualValue": "invalid_number"},
    ),
    Sent("PUT", f"{CONFIGS}/session.timeout", {"configValue": "x"}, 400, "40001", shows={"field": "configValue"}),
    Sent("GET", CONFIGS, None, 400, "40001", query={"size": "101"}),
    Sent("GET", f"{CONFIGS}/export", None, 400, "40001", query={"format": "word"}),
    Sent("POST", f"{CONFIGS}/import", b"no workbook", 400, "40001", shows={"field": "file"}),
    Sent("POST", f"{CONFIGS}/batch", {"configs": []}, 400, "40001", shows={"field": "configs"}),
    Sent("PUT", f"{FLAGS}/new_feature_v2", {"targetRules": {"percentage": 101}}, 400, "40001"),
    Sent("POST", RELEASES, {**RELEASE, "strategyType": "SOME"}, 400, "40001", shows={"field": "strategyType"}),
    Sent("POST", CONFIGS, {**NEW, "configKey": "1 st"}, 400, "40002", shows={"field": "configKey"}),
    Sent("GET", f"{CONFIGS}/9key", None, 400, "40002"),
    Sent("POST", CONFIGS, OUT_OF_RANGE, 400, "40003", shows={"field": "configValue", "validationRule": {"max": 86400}}),
    Sent("PUT", f"{CONFIGS}/session.timeout", {"configValue": "5"}, 400, "40003"),
    Sent("GET", f"{CONFIGS}/nobody.knows", None, 404, "40401"),
    Sent("PUT", f"{CONFIGS}/nobody.knows", PUT, 404, "40401"),
    Sent("DELETE", f"{CONFIGS}/nobody.knows", None, 404, "40401"),
    Sent("PUT", f"{FLAGS}/nobody.knows", FLAG, 404, "40401"),
    Sent("PUT", f"{RELEASES}/01J00000000000000000000000/strategy", STRATEGY, 404, "40401"),
    Sent("POST", RELEASES, {**RELEASE, "featureKey": "nobody.knows"}, 404, "40401"),
    Sent("POST", CONFIGS, {**SESSION_TIMEOUT, "configValue": "400"}, 409, "40901"),
    Sent("DELETE", f"{CONFIGS}/password.minLength", None, 409, "40901", shows={"error": "CONFIG_REFERENCED"}),
    Sent("PUT", f"{CONFIGS}/session.timeout", {"configValue": "400", "version": 7}, 409, "40902"),
    Sent("DELETE", f"{CONFIGS}/session.timeout", None, 409, "40902", query={"version": "7"}),
    Sent("PUT", f"{FLAGS}/new_feature_v2", {"isEnabled": True, "version": 7}, 409, "40902"),
    Sent(
        "POST", CONFIGS, {**NEW, "configType": "STRING", "configValue": "${gone}", "validationRule": None}, 422, "42201"
    ),
    Sent("POST", f"{CONFIGS}/batch", {"configs": [{"configKey": "gone", "configValue": "1"}]}, 422, "42201"),
    Sent(
        "POST",
        f"{CONFIGS}/import",
        files.write(Format.EXCEL, ["configKey", "configValue"], [["uses", "${x}"]]),
        422,
        "42201",
    ),
]
EVERY_ROUTE = [
    Sent("GET", CONFIGS),
    Sent("GET", f"{CONFIGS}/session.timeout"),
    Sent("POST", CONFIGS, NEW),
    Sent("PUT", f"{CONFIGS}/session.timeout", PUT),
    Sent("DELETE", f"{CONFIGS}/session.timeout"),
    Sent("POST", f"{CONFIGS}/batch", BATCH),
    Sent("POST", f"{CONFIGS}/import", WORKBOOK),
    Sent("GET", f"{CONFIGS}/export"),
    Sent("GET", FLAGS),
    Sent("PUT", f"{FLAGS}/new_feature_v2", {"isEnabled": True}),
    Sent("POST", RELEASES, RELEASE),
    Sent("PUT", f"{RELEASES}/01J00000000000000000000000/strategy", STRATEGY),
]


def fits(shown: Any, wanted: Any) -> bool:
    """Tell whether an answer has at least what is wanted of it."""
    if isinstance(wanted, Mapping) and isinstance(shown, Mapping):
        return all(name in shown and fits(shown[name], value) for name, value in wanted.items())
    return bool(shown == wanted)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("one", DONE, ids=str)
def test_the_documented_request_gets_the_documented_answer(one: Sent) -> None:
    found = answered(one)
    body = json.loads(found["body"])
    assert (found["statusCode"], body["code"]) == (one.status, one.code), body
    assert body.keys() == {"success", "code", "message", "data", "timestamp", "requestId"}
    assert body["success"]
    assert body["timestamp"].endswith("Z")
    assert fits(body["data"], one.shows), body["data"]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("one", REFUSED, ids=str)
def test_what_is_refused_has_the_documented_code_and_form(one: Sent) -> None:
    found = answered(one)
    body = json.loads(found["body"])
    assert (found["statusCode"], body["code"]) == (one.status, one.code), body
    assert body.keys() == {"success", "code", "message", "details", "timestamp", "requestId"}
    assert not body["success"]
    assert fits(body["details"], one.shows), body["details"]


def test_the_batch_of_the_document_and_the_strategy_of_its_release(world: str) -> None:
    assert ok(Sent("POST", f"{CONFIGS}/batch", BATCH))["changed"] == [
        {"configKey": "session.timeout", "version": 1},
        {"configKey": "password.minLength", "version": 2},
    ]
    found = ok(Sent("PUT", f"{RELEASES}/{world}/strategy", STRATEGY))
    assert fits(found["strategyConfig"], STRATEGY), found


@pytest.mark.usefixtures("world")
def test_the_flag_of_the_document_names_its_targets() -> None:
    own = {**FLAG, "targetRules": {**FLAG["targetRules"], "tenants": ["acme"]}}  # type: ignore[dict-item]
    found = ok(Sent("PUT", f"{FLAGS}/new_feature_v2", own))
    assert fits(found, own), found


@pytest.mark.usefixtures("world")
def test_the_workbook_that_is_exported_is_one() -> None:
    found = ok(Sent("GET", f"{CONFIGS}/export", query={"format": "excel"}))
    rows = files.read(base64.b64decode(found["content"]), Format.EXCEL, ("configKey", "configValue")).rows
    assert [row.text("configKey") for row in rows] == ["password.minLength", "session.timeout", "uses"]


@pytest.mark.parametrize("one", EVERY_ROUTE, ids=str)
def test_who_is_not_known_or_may_not_is_refused(one: Sent) -> None:
    for caller, status, code in ((None, 401, "40101"), (NOBODY, 403, "40301")):
        found = answered(Sent(one.method, one.path, one.body, caller=caller))
        assert (found["statusCode"], json.loads(found["body"])["code"]) == (status, code), found["body"]


class Down(Wire):
    """A store that answers every call so."""

    def __init__(self, code: str = "") -> None:
        super().__init__()
        self.code = code

    def send(self, moto: Any, operation: str, request: Any) -> Any:
        del moto
        if not self.code:
            return throttled(operation, request)
        return made(request, 400, json.dumps({"__type": self.code, "message": "no"}).encode())


@pytest.mark.parametrize("one", EVERY_ROUTE, ids=str)
def test_a_store_that_is_away_or_refuses_is_told_as_such(one: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    instead_of_sleeping(monkeypatch)
    for down, status, code in ((Down(), 503, "50301"), (Down("AccessDeniedException"), 500, "50001")):
        forget_process()
        with wired(down):
            found = answered(one)
        assert (found["statusCode"], json.loads(found["body"])["code"]) == (status, code), found["body"]
