"""``enghub settings`` with configuration, flags, segments and rules in one folder (CFG-32), made at one moment."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from enghub.core import audit
from enghub.core.identity import Principal
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings import approval_wiring
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub.settings.flags import staging
from enghub_cli.commands import settings
from enghub_cli.errors import Stop
from enghub_cli.hub import Api
from tests.factories import flags, rules
from tests.factories.flags import evaluated
from tests.factories.folders import ADMIN, RIGHTS, a_flag_file, everything, put, serve
from tests.factories.http import a_principal
from tests.factories.settings import answer, data, sent_to
from tests.factories.stored import items, waiting

HUB = Api("https://hub.example", "token", "/api/v1")
DECIDER = replace(a_principal(*RIGHTS, "approval:read", "change_request:decide", user="bob"), roles=("OWNER",))
REQUESTS = "/api/v1/settings/change-requests"
OTHERS = a_principal(*RIGHTS, user="admin", tenant="globex")
callers: list[Principal] = []


@pytest.fixture(autouse=True)
def hub(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account("settings")
    boto3.client("s3", "us-east-1").create_bucket(Bucket="enghub-test-files")
    monkeypatch.setenv("BUCKET_NAME", "enghub-test-files")
    for made in (evaluation_wiring.snapshots, evaluation_wiring.usage, evaluation_wiring.evaluations):
        made.cache_clear()
    callers[:] = [ADMIN]
    serve(monkeypatch, lambda: callers[-1])


def planned(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    settings.plan(HUB, folder, as_json=True)
    (found,) = json.loads(capsys.readouterr().out)
    shown: dict[str, Any] = found
    return shown


def test_all_kinds_are_planned_made_together_and_found_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything(tmp_path)
    found = planned(tmp_path, capsys)
    assert {(one["kind"], one["name"]): one["outcome"] for one in found["items"]} == {
        ("config", "host"): "CREATED",
        ("config", "flag"): "CREATED",
        ("flag", "base"): "CREATED",
        ("flag", "new-ui"): "CREATED",
        ("segment", "pilots"): "CREATED",
        ("rule", "dispatch.night"): "CREATED",
    }
    assert set(found["hits"]) >= {"flag PROD new-ui", "config host"}
    assert items("FEATURE_FLAG") == []
    settings.apply(HUB, tmp_path, reason="release 4")
    assert evaluated("new-ui", targetingKey="u-1")["reason"] == "TARGETING_MATCH"
    assert rules.data("GET", "/dispatch.night")["activeVersion"] == 1
    assert data("GET", "/host")["configValue"] == "plm.example"
    entry = audit.entry("acme", "feature_flag/-/PROD/new-ui", 1)
    assert entry is not None
    assert (entry.user_id, entry.reason) == ("admin", "release 4")
    told = " ".join(one.body for one in waiting())
    assert all(name in told for name in ("ConfigurationChanged", "FeatureFlagChanged", "BusinessRuleActivated"))
    settings.drift(HUB, tmp_path)
    settings.apply(HUB, tmp_path)
    assert flags.data("GET", "/new-ui")["version"] == 1, "what is so already stays"


def test_drift_of_every_kind_is_shown_and_applied_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.apply(HUB, everything(tmp_path))
    flags.data("PUT", "/new-ui", {"isEnabled": False})
    flags.data("POST", body={"flagKey": "by-hand"})
    rules.data("POST", "/dispatch.night/deactivate", {})
    found = planned(tmp_path, capsys)
    assert [one["name"] for one in found["items"] if one["outcome"] == "UPDATED"] == ["new-ui", "dispatch.night"]
    assert found["onlyInHub"] == [{"kind": "flag", "environment": "PROD", "name": "by-hand"}]
    with pytest.raises(Stop, match="not as the folder says"):
        settings.drift(HUB, tmp_path)
    assert "by-hand" in capsys.readouterr().out
    settings.apply(HUB, tmp_path)
    assert flags.data("GET", "/new-ui")["isEnabled"] is True
    assert rules.data("GET", "/dispatch.night")["activeVersion"] == 1
    assert flags.data("GET", "/by-hand")["version"] == 1, "a folder never deletes"


def test_an_export_made_elsewhere_is_the_same_files(tmp_path: Path) -> None:
    settings.apply(HUB, everything(tmp_path / "in"))
    settings.export(HUB, tmp_path / "one")
    callers.append(OTHERS)
    settings.apply(HUB, tmp_path / "one")
    settings.export(HUB, tmp_path / "two")
    one, two = files_of(tmp_path / "one"), files_of(tmp_path / "two")
    assert one == two
    assert {"tenant.yaml", "tenant/flags/PROD/new-ui.json", "tenant/rules/dispatch.night.json"} <= set(one)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


NAMES = st.from_regex(r"[a-z][a-z0-9._-]{0,8}[a-z0-9]", fullmatch=True)
SERVES = st.one_of(
    st.builds(lambda p: {"variant": "on", "percentage": p / 1000}, st.integers(0, 100_000)),
    st.builds(lambda a, b: {"weights": {"on": a, "off": b}, "bucketBy": "company"}, *[st.integers(1, 99)] * 2),
    st.just({"variant": "off"}),
)
VALUES = st.one_of(st.floats(-1e9, 1e9).map(lambda x: round(x, 6)), st.just(10.0), st.just(1e100))
FLAGS = st.builds(
    lambda serve, value, enabled: {
        "valueType": "FLOAT",
        "isEnabled": enabled,
        "variants": [{"name": "on", "value": value}, {"name": "off", "value": -1.5}],
        "fallthrough": serve,
    },
    SERVES,
    VALUES,
    st.booleans(),
)


@examples(
    max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    made=st.dictionaries(NAMES, FLAGS, min_size=1, max_size=4),
    text=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20),
)
def test_what_is_exported_reads_as_the_same(
    made: dict[str, Any], text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    put(folder, "tenant/c.json", json.dumps({"configs": [{"configKey": "text", "configValue": text or " "}]}))
    for key, definition in made.items():
        put(folder, f"tenant/flags/DEV/{key}.json", a_flag_file(key, **definition))
    settings.apply(HUB, folder)
    settings.export(HUB, folder / "first")
    settings.drift(HUB, folder / "first")
    settings.apply(HUB, folder / "first")
    settings.export(HUB, folder / "second")
    assert files_of(folder / "first") == files_of(folder / "second")


# --- one moment, however many ---


def many(folder: Path, number: int = 25, **fields: Any) -> Path:
    for n in range(number):
        needs = [] if n == 0 else [{"flag": "f-0", "variants": ["on"]}]
        put(folder, f"tenant/flags/PROD/f-{n}.json", a_flag_file(f"f-{n}", prerequisites=needs, **fields))
    put(folder, "tenant/a.yaml", "host: plm.example\n")
    return folder


def test_many_flags_are_in_force_at_one_moment_and_settled_after_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.apply(HUB, many(tmp_path))
    assert len(flags.data("GET", size="100")["items"]) == 25
    with monkeypatch.context() as patch:
        patch.setattr(staging.Stage, "settle", lambda _: None)
        settings.apply(HUB, many(tmp_path, isEnabled=False))
    assert {evaluated(f"f-{n}")["reason"] for n in range(25)} == {"DISABLED"}, "all, before one is settled"
    assert flags.refused("PUT", "/f-3", {"isEnabled": True})[0] == 409
    with pytest.raises(Stop, match="changed together"):
        settings.apply(HUB, many(tmp_path, isEnabled=True))
    (stage_id,) = {one["pk"].rpartition("#")[2] for one in items("STAGED_FLAG") if int(one["version"]) == 1}
    ring(stage_id)
    assert flags.data("GET", "/f-3")["version"] == 2
    assert audit.entry("acme", "feature_flag/-/PROD/f-24", 2) is not None
    assert flags.data("PUT", "/f-3", {"isEnabled": True})["version"] == 3
    assert {evaluated(f"f-{n}")["reason"] for n in range(25) if n != 3} == {"DISABLED"}


def ring(stage_id: str) -> None:
    found = timers.read(Wake("acme", f"flag_stage/{stage_id}", staging.DUE))
    assert found is not None
    due = DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)
    approval_wiring.timer_handlers()[staging.DUE](due)


def test_a_flag_that_changed_since_refuses_all_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.apply(HUB, many(tmp_path))
    real = staging.stage

    def late(*args: Any) -> staging.Stage:
        flags.data("PUT", "/f-7", {"description": "meanwhile"})
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(staging, "stage", late)
        put(tmp_path, "tenant/a.yaml", "host: another\n")
        with pytest.raises(Stop, match="same moment"):
            settings.apply(HUB, many(tmp_path, isEnabled=False))
    assert flags.data("GET", "/f-1")["version"] == 1
    assert evaluated("f-1")["reason"] != "DISABLED"
    settings.apply(HUB, many(tmp_path, isEnabled=False))
    assert evaluated("f-1")["reason"] == "DISABLED"


# --- approval ---


def agreed(verdict: str = "approve") -> dict[str, Any]:
    found = sent_to("decide_change", "GET", REQUESTS, caller=DECIDER)
    request = json.loads(found["body"])["data"]["items"][0]
    body = {"seen": request["seen"], "comment": "looked at"}
    done = sent_to("decide_change", "POST", f"{REQUESTS}/{request['requestId']}/{verdict}", body, caller=DECIDER)
    shown: dict[str, Any] = json.loads(done["body"])["data"]
    return shown


def ruled(**fields: Any) -> None:
    rule = {"stages": [{"name": "owners", "roles": ["OWNER"]}], **fields}
    found = sent_to("decide_change", "PUT", "/api/v1/settings/approval-rules/r", rule, caller=ADMIN)
    assert found["statusCode"] == 200, found["body"]


@pytest.mark.parametrize("kind", ["flag", "segment", "rule", "config"])
def test_one_kind_that_needs_an_approval_makes_all_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    ruled(kinds=[kind])
    assert planned(everything(tmp_path), capsys)["needsApproval"]
    settings.apply(HUB, tmp_path)
    assert "waits for approval" in capsys.readouterr().out
    assert (items("FEATURE_FLAG"), items("BUSINESS_RULE")) == ([], [])
    assert answer("GET", "/host")["statusCode"] == 404
    assert agreed()["status"] == "APPLIED"
    settings.drift(HUB, tmp_path)
    assert flags.data("GET", "/new-ui")["approvedBy"] == ["bob"]
    assert rules.data("GET", "/dispatch.night")["approvedBy"] == ["bob"]
    assert data("GET", "/host/explain")["layers"][0]["approvedBy"] == ["bob"]


def test_a_folder_before_its_approval_is_taken_back_whole(tmp_path: Path) -> None:
    settings.apply(HUB, everything(tmp_path))
    settings.export(HUB, tmp_path / "before")
    ruled()
    put(tmp_path, "tenant/a.yaml", "host: another\n")
    put(tmp_path, "tenant/flags/PROD/new-ui.json", a_flag_file("new-ui", isEnabled=False))
    put(tmp_path, "tenant/segments/PROD/pilots.json", {"definition": {"included": ["u-2"]}})
    put(tmp_path, "tenant/rules/dispatch.night.json", {**rules.a_rule(), "name": "another"})
    with pytest.raises(Stop, match="changeReason"):
        settings.apply(HUB, tmp_path, break_glass=True)
    settings.apply(HUB, tmp_path, reason="the line stands still", break_glass=True)
    assert rules.data("GET", "/dispatch.night")["activeVersion"] == 2
    assert agreed("reject")["status"] == "REVERTED"
    assert rules.data("GET", "/dispatch.night")["activeVersion"] == 1
    settings.export(HUB, tmp_path / "after")
    assert files_of(tmp_path / "before") == files_of(tmp_path / "after")


# --- what is wrong ---


def test_everything_that_is_wrong_is_said_and_nothing_is_changed(tmp_path: Path) -> None:
    everything(tmp_path)
    put(tmp_path, "tenant/a.yaml", "'bad key!': 1\nhost: plm.example\n")
    put(tmp_path, "tenant/flags/PROD/odd.json", a_flag_file("odd", offVariant="none"))
    put(tmp_path, "tenant/rules/open.json", rules.a_rule(tests=[]))
    with pytest.raises(Stop) as stopped:
        settings.apply(HUB, tmp_path)
    told = str(stopped.value)
    assert "3 of 8 are refused" in told
    for part in ("bad key!", "flag PROD odd", "rule open", "rows without a test: 1, 2"):
        assert part in told
    assert items("FEATURE_FLAG") == []
    put(tmp_path, "tenant/flags/odd.json", a_flag_file("odd"))
    with pytest.raises(Stop, match="put it at flags/"):
        settings.plan(HUB, tmp_path)


def test_what_flags_need_must_be_in_the_folder_or_the_hub(tmp_path: Path) -> None:
    put(tmp_path, "tenant/flags/PROD/a.json", a_flag_file("a", prerequisites=[{"flag": "b", "variants": ["on"]}]))
    with pytest.raises(Stop, match="no flag b"):
        settings.plan(HUB, tmp_path)
    put(tmp_path, "tenant/flags/PROD/b.json", a_flag_file("b", prerequisites=[{"flag": "a", "variants": ["on"]}]))
    with pytest.raises(Stop, match="lead back"):
        settings.plan(HUB, tmp_path)


def test_who_may_not_change_flags_applies_no_folder_with_flags(tmp_path: Path) -> None:
    callers.append(a_principal("config:read", "config:create", "config:update", "flag:read", "business_rule:read"))
    with pytest.raises(Stop) as stopped:
        settings.apply(HUB, everything(tmp_path))
    assert stopped.value.exit_code == 2
    assert answer("GET", "/host")["statusCode"] == 404


def test_a_folder_of_the_global_layer_names_its_author(tmp_path: Path) -> None:
    put(tmp_path, "global/flags/PROD/shared.json", a_flag_file("shared"))
    settings.apply(HUB, tmp_path)
    assert flags.data("GET", "/shared", layer="global")["createdBy"] == "acme/admin"
