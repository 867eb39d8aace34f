"""Flags in the process of the client, its OpenFeature provider and its command (CFG-12)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.provider import ProviderStatus

from enghub.settings.clients import wiring
from enghub_client import Client
from enghub_client.__main__ import main
from enghub_client.provider import EngHubProvider
from tests.factories import flags
from tests.factories.clients import EVERYBODY, changed
from tests.factories.clients import snapshot as snapshot_of
from tests.functional.settings.client.conftest import Line
from tests.waiting import until


def test_the_command_writes_typed_keys_and_lists_what_no_source_reads(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGHUB_TOKEN", "token")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    changed("line.speed", "3", configType="NUMBER")
    changed("line.mode", "night", effectiveMode="SCHEDULED", effectiveTime=later)
    hub = ["--hub", address, "--keys", "line.*"]
    assert main(["keys", *hub]) == 0
    (tmp_path / "keys.py").write_text(capsys.readouterr().out)
    assert 'LINE_SPEED: Key[int | Decimal] = Key("line.speed")' in (tmp_path / "keys.py").read_text()
    (tmp_path / "app.py").write_text("hub.get(keys.LINE_MODE)")
    assert main(["unread", *hub, "--generated", str(tmp_path / "keys.py"), str(tmp_path)]) == 1
    assert capsys.readouterr().out == "line.speed\n"
    assert main(["show", *hub]) == 0
    assert capsys.readouterr().out == "line.speed\ttenant\t1\t3\n"
    assert main(["show", "--hub", "http://127.0.0.1:9"]) == 2


def test_flags_answer_in_process_as_the_hub_does(a_client: Callable[..., Client], line: Line) -> None:
    body = {"flagKey": "new-ui", "isEnabled": True, "targetRules": {"percentage": 37.5}}
    flags.data("POST", body=body)
    tenants = {"flagKey": "by-tenant", "isEnabled": True, "targetRules": {"tenants": ["acme"]}}
    flags.data("POST", body=tenants)
    client = a_client().start()
    asked = len(line.asked)
    for number in range(40):
        mine = client.evaluate("new-ui", {"targetingKey": f"u-{number}"})
        theirs = flags.evaluated("new-ui", targetingKey=f"u-{number}")
        assert (mine.value, mine.variant) == (theirs["value"], theirs["variant"])
    assert client.flag("by-tenant", False, {"tenantId": "globex"}), "the tenant is who signed in"
    assert client.flag("new-ui", "text") == "text", "of another type"
    assert client.flag("nobody.knows", 7) == 7
    assert len(line.asked) == asked
    client.close()
    assert flags.data("GET", "/by-tenant/statistics")["variants"] == {"on": 1}


def test_a_flag_of_a_later_engine_takes_no_other_with_it(a_client: Callable[..., Client], line: Line) -> None:
    flags.data("POST", body={"flagKey": "old", "isEnabled": True})
    flags.data("POST", body={"flagKey": "later", "isEnabled": True})
    client = a_client().start()
    document = snapshot_of(EVERYBODY)
    (later,) = (one for one in document["flags"] if one["key"] == "later")
    later["rules"] = [{"ruleId": "r", "clauses": [{"attribute": "a", "operator": "SOUNDS_LIKE"}], "serve": {}}]
    document["revision"] = "9.9.9.9.9"

    def answer(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json"), ("ETag", '"9"')])
        return [json.dumps({"data": document}).encode()]

    line.app = answer
    client.refresh()
    assert client.evaluate("old").error is None
    assert str(client.evaluate("later").error) == "PARSE_ERROR"
    assert "later" in client.status.problem


def test_an_openfeature_client_evaluates_in_process_and_hears_of_changes(
    a_client: Callable[..., Client], line: Line
) -> None:
    flags.data("POST", body={"flagKey": "switch", "isEnabled": True, "targetRules": {"users": ["u-1"]}})
    variants = [{"name": "a", "value": {"rows": 3}}, {"name": "b", "value": {}}]
    made = {"flagKey": "rows", "isEnabled": True, "valueType": "OBJECT", "variants": variants}
    flags.data("POST", body={**made, "defaultValue": "b", "targetRules": {"variant": "a"}})
    client = a_client()
    api.set_provider(EngHubProvider(client), "enghub-test")
    sdk = api.get_client("enghub-test")
    events: list[Any] = []
    sdk.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, lambda details: events.append(details.flags_changed))
    sdk.add_handler(ProviderEvent.PROVIDER_STALE, lambda details: events.append(details.message))
    until(lambda: sdk.get_provider_status() is ProviderStatus.READY)
    found = sdk.get_boolean_details("switch", False, EvaluationContext("u-1"))
    assert (found.value, found.variant, found.reason) == (True, "on", "TARGETING_MATCH")
    assert sdk.get_object_value("rows", {}, EvaluationContext("u-1")) == {"rows": 3}
    assert sdk.get_integer_details("switch", 7).error_code == "TYPE_MISMATCH"
    assert sdk.get_boolean_details("nope", True).error_code == "FLAG_NOT_FOUND"
    flags.data("PUT", "/switch", {"isEnabled": False})
    wiring.snapshots().forget()
    client.refresh()
    until(lambda: ["switch"] in events)
    line.says = "away"
    client.refresh()
    until(lambda: any("503" in str(one) for one in events))
    api.clear_providers()
