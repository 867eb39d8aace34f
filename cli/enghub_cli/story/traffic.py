"""Traffic moves to the new version by shares: back by itself while it fails, on where it is well (OPS-08)."""

from typing import Any

from enghub_cli.story.entrance import Entrance
from enghub_cli.story.teller import Teller

GOLIVE = "/api/v1/golive"


def traffic_goes_back(tell: Teller, door: Entrance) -> str:
    """A fifth of the callers meets a version that fails, and is taken back; mended, it comes again at this address."""
    tell.chapter("6a  Traffic moves to the new version, and back")
    tell.sign_in("lena", "TENANT_ADMIN")
    name = f"erp-{tell.run.lower()}"
    step = {"targets": [{"kind": "USER", "targetId": name}], "delayMinutes": 15}
    for path, made in (
        (f"contacts/{name}", {"name": "Lena"}),
        (f"policies/{name}", {"name": "ERP", "steps": [step]}),
        (f"services/{name}", {"name": "ERP", "policyId": name, "firstSteps": "systemctl status erp"}),
    ):
        tell.call("lena", "PUT", f"{GOLIVE}/{path}", made, expect=200, show=lambda one: one["version"])
    tell.say("The new version fails for whoever meets it. Real requests are shared and counted at the entrance.")
    door.ill = "new"
    path = _ramp(tell, door, name)
    tell.wait("lena", path, lambda one: one["state"] == "ROLLED_BACK", show=_stands)
    tell.say("It is mended, and traffic comes again: a minute without a flaw decides, while the story goes on.")
    door.mended()
    return _ramp(tell, door, name)


def _ramp(tell: Teller, door: Entrance, service: str) -> str:
    watched = {"requests": "requests:new[$window]", "errors": "errors:new[$window]", "errorRate": 2}
    wanted = {
        "name": "ERP 3",
        "serviceId": service,
        "traffic": {"adapter": "WEBHOOK", "url": f"{door.url}/share"},
        "steps": [{"percent": 20, "minutes": 1}, {"percent": 100, "minutes": 1}],
        "watch": {"url": door.url, **watched, "minimumRequests": 20, "windowSeconds": 15},
        "oldVersionUrl": f"{door.url}/old",
        "lookSeconds": 10,
        "armedMinutes": 10,
    }
    made = tell.call("lena", "POST", f"{GOLIVE}/ramps", wanted, expect=201, show=_stands)
    return f"{GOLIVE}/ramps/{made['rampId']}"


def traffic_has_moved(tell: Teller, path: str) -> None:
    """All callers are with the new version; a person ends what would still bring them back."""
    tell.chapter("11  Meanwhile the traffic has moved")
    tell.wait("lena", path, lambda one: one["actualPercent"] == 100, show=_stands)
    tell.call("lena", "GET", f"{path}/journal", expect=200, show=lambda page: [one["what"] for one in page["items"]])
    tell.call("lena", "POST", f"{path}/complete", {}, expect=200, show=_stands)


def _stands(data: dict[str, Any]) -> dict[str, Any]:
    return {field: data[field] for field in ("state", "wantedPercent", "actualPercent", "said")}
