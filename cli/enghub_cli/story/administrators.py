"""Chapters of whoever changes settings: why a value is so, all or nothing, two pairs of eyes, a release taken back."""

from typing import Any

from enghub_cli.story import entrance
from enghub_cli.story.teller import Teller

CONFIG, FLAGS, RELEASES = "/api/v1/system-config", "/api/v1/feature-flags", "/api/v1/gray-release"
SETTINGS = "/api/v1/settings"
USERS = 30


def value_is_explained(tell: Teller) -> None:
    """Three layers, and why the nearest answers; a batch of which one item is wrong changes nothing."""
    tell.chapter("5c  Why is it so, and all or nothing")
    tell.sign_in("root", "SYSTEM_ADMIN")
    tell.sign_in("tina", "TENANT_ADMIN")
    low, key = tell.run.lower(), f"orders.limit.{tell.run.lower()}"
    made = {"configKey": key, "configType": "NUMBER", "validationRule": {"type": "range", "min": 1, "max": 500}}
    tell.call("root", "POST", f"{CONFIG}?layer=global", {**made, "configValue": "50"}, expect=201, show=_value)
    tell.call("tina", "POST", CONFIG, {**made, "configValue": "80"}, expect=201, show=_value)
    tell.call("tina", "GET", f"{CONFIG}/{key}/explain", expect=200, show=_layers)
    tell.say("Two items at once; the second breaks its rule, so the first is not changed either.")
    other = f"orders.hold.{low}"
    tell.call("tina", "POST", CONFIG, {**made, "configKey": other, "configValue": "5"}, expect=201, show=_value)
    batch = [{"configKey": key, "configValue": "90"}, {"configKey": other, "configValue": "0"}]
    tell.call("tina", "POST", f"{CONFIG}/batch", {"configs": batch}, expect=422)
    tell.call("tina", "GET", f"{CONFIG}/{key}", expect=200, show=_value)


def two_agree(tell: Teller) -> None:
    """A change that a rule puts before a second person: its author cannot agree to it, somebody else does."""
    tell.chapter("5d  Two pairs of eyes")
    tell.sign_in("tina", "TENANT_ADMIN")
    tell.sign_in("bob", "CONFIG_APPROVER")
    key, rule = f"security.lock.{tell.run.lower()}", f"{SETTINGS}/approval-rules/lock-{tell.run.lower()}"
    made = {"configKey": key, "configValue": "5", "configType": "NUMBER"}
    tell.call("tina", "POST", CONFIG, made, expect=201, show=_value)
    wanted = {"stages": [{"name": "second", "roles": ["CONFIG_APPROVER", "TENANT_ADMIN"]}], "names": [key]}
    tell.call("tina", "PUT", rule, wanted, expect=200, show=lambda one: one["ruleId"])
    asked = tell.call("tina", "PATCH", f"{CONFIG}/{key}", {"configValue": "3"}, expect=202, show=_asked)
    decision, seen = f"{SETTINGS}/change-requests/{asked['requestId']}/approve", {"seen": asked["seen"]}
    tell.say("Nothing is changed yet, and nobody agrees to a change of their own.")
    tell.call("tina", "POST", decision, seen, expect=403)
    tell.call("bob", "POST", decision, seen, expect=200, show=_asked)
    tell.call("tina", "GET", f"{CONFIG}/{key}", expect=200, show=_value)
    tell.call("tina", "DELETE", rule, expect=200, show=lambda _: "removed")


def release_goes_back(tell: Teller) -> None:
    """Half of the users get a new screen; it fails for them, and the release takes it back by what was measured."""
    tell.chapter("5e  A gray release goes back by itself")
    tell.sign_in("tina", "TENANT_ADMIN")
    flag = f"new.screen.{tell.run.lower()}"
    tell.call("tina", "POST", FLAGS, {"flagKey": flag}, expect=201, show=lambda one: one["flagKey"])
    with entrance.opened() as door:
        path = _release(tell, flag, door)
        tell.wait("tina", path, lambda one: one["currentPercentage"] == 50, show=_release_stands)
        door.callers, door.ill = _variants(tell, flag), "on"
        tell.say(f"{door.callers.count('on')} of {USERS} users have it now; it fails for each of them.")
        tell.wait("tina", path, lambda one: one["status"] == "CANCELLED", show=_release_stands)
        tell.call("tina", "GET", f"{path}/report", expect=200, show=_report)
    tell.say(f"Now {_variants(tell, flag).count('on')} of them have it.")


def _release(tell: Teller, flag: str, door: entrance.Entrance) -> str:
    """Start a release that half of the users get at once, and that looks every ten seconds."""
    half = {"targetPercentage": 50, "incrementStep": 50, "incrementInterval": 60, "analysisInterval": 10}
    measured = {"requests": "requests:$variant[$window]", "errors": "errors:$variant[$window]"}
    wanted = {
        "releaseName": "New screen",
        "featureKey": flag,
        "strategyType": "PERCENTAGE",
        "strategyConfig": half,
        "autoRollback": True,
        "rollbackCondition": {"errorRate": 0.05, "minimumRequests": 20},
        "metricsConfig": {"source": "PROMETHEUS", "url": door.url, **measured},
    }
    made = tell.call("tina", "POST", RELEASES, wanted, expect=201, show=_release_stands)
    path = f"{RELEASES}/{made['releaseId']}"
    tell.call("tina", "POST", f"{path}/start", {}, expect=200, show=_release_stands)
    return path


def _variants(tell: Teller, flag: str) -> list[str]:
    """Return the variant of each user, as any client of OpenFeature asks for it."""
    found = []
    for number in range(USERS):
        asked = {"context": {"targetingKey": f"user-{number}"}}
        path = f"/ofrep/v1/evaluate/flags/{flag}"
        found.append(str(tell.quietly("tina", "POST", path, asked)["variant"]))
    return found


def _value(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("configKey", "configValue", "layer", "version")}


def _layers(data: dict[str, Any]) -> list[str]:
    return [f"{one['layer']}: {one['configValue']}{', answers' if one['answers'] else ''}" for one in data["layers"]]


def _asked(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("requestId", "status")}


def _release_stands(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("status", "currentPercentage", "verdict", "why")}


def _report(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("treatment", "control", "comparison", "problem")}
