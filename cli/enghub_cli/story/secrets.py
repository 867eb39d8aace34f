"""Two chapters of the settings: a secret that nobody reads by accident, a rule that is proved before it decides."""

from typing import Any

from enghub_cli.story.teller import Teller

CONFIG = "/api/v1/system-config"
RULES = "/api/v1/settings/business-rules"
_MANY = {"name": "many", "inputs": {"qty": 200, "shift": "day"}, "expect": [{"line": "L1"}]}
_NIGHT = {"name": "few at night", "inputs": {"qty": 5, "shift": "night"}, "expect": [{"line": "L2"}]}


def secret_stays_one(tell: Teller) -> None:
    """A password is sealed, shown as a mask, and told to who may know it, which the audit keeps."""
    tell.chapter("5a  A secret stays one")
    tell.sign_in("tina", "TENANT_ADMIN")
    tell.sign_in("vera", "CONFIG_VIEWER")
    item = f"{CONFIG}/smtp.password.{tell.run}"
    made = {"configKey": f"smtp.password.{tell.run}", "configValue": "Zq7-mail", "isEncrypted": True}
    tell.call("tina", "POST", CONFIG, made, expect=201, show=_value)
    tell.say("Everybody sees the mask; the value takes a right of its own.")
    tell.call("vera", "GET", item, expect=200, show=_value)
    tell.call("vera", "GET", f"{item}?reveal=true", expect=403)
    tell.call("tina", "GET", f"{item}?reveal=true", expect=200, show=_value)


def rule_is_proved(tell: Teller) -> None:
    """A rule without a test for a row is refused, then proved, active and asked."""
    tell.chapter("5b  A rule is proved before it decides")
    tell.sign_in("tina", "TENANT_ADMIN")
    rule = f"{RULES}/dispatch.{tell.run.lower()}"
    rows = [
        {"when": {"qty": "> 100"}, "then": {"line": "'L1'"}},
        {"when": {"qty": "<= 100", "shift": "'night'"}, "then": {"line": "'L2'"}},
    ]
    made = {"name": "Night orders", "kind": "DISPATCH", "inputs": ["qty", "shift"], "outputs": ["line"], "rows": rows}
    tell.call("tina", "PUT", rule, {**made, "tests": [_MANY]}, expect=200, show=_version)
    tell.say("No test reaches its second row: it may not decide.")
    tell.call("tina", "POST", f"{rule}/activate", {"version": 1}, expect=422)
    tell.call("tina", "PUT", rule, {**made, "tests": [_MANY, _NIGHT], "version": 1}, expect=200, show=_version)
    tell.call("tina", "POST", f"{rule}/activate", {"version": 2}, expect=200, show=_version)
    tell.say("What would it say to an order of 7 at night, and to one by day?")
    cases = [{"qty": 7, "shift": "night"}, {"qty": 7, "shift": "day"}]
    tell.call("tina", "POST", f"{rule}/simulate", {"cases": cases}, expect=200, show=_said)
    tell.call("tina", "GET", f"{rule}/versions", expect=200, show=lambda data: len(data["items"]))


def _value(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("configKey", "configValue", "isEncrypted")}


def _version(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("ruleKey", "version", "activeVersion")}


def _said(data: dict[str, Any]) -> list[Any]:
    return [one["results"] or one["problem"] for one in data["outcomes"]]
