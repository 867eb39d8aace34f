"""A chapter at night: an alert pages whoever is on call, is acknowledged and resolved; the post-mortem is drafted."""

from typing import Any

from enghub_cli.story.teller import Teller

GOLIVE = "/api/v1/golive"


def night_falls(tell: Teller) -> None:
    """A rota, a policy, a service, a key; then an alert as PagerDuty's clients send it."""
    tell.chapter("10  At night")
    tell.sign_in("chief", "TENANT_ADMIN")
    name = f"night-{tell.run.lower()}"
    tell.call("chief", "PUT", f"{GOLIVE}/contacts/{name}", {"name": "陈 Chen"}, expect=200, show=_named)
    turn = {"rotationId": "first", "start": "2026-01-01T09:00", "turnMinutes": 1440, "members": [[name]]}
    rota = {"name": "值班 On call", "zone": "Asia/Shanghai", "levels": [{"rotations": [turn]}]}
    tell.call("chief", "PUT", f"{GOLIVE}/schedules/{name}", rota, expect=200, show=_named)
    tell.call("chief", "GET", f"{GOLIVE}/schedules/{name}/on-call", expect=200, show=lambda data: data["levels"])
    step = {"targets": [{"kind": "SCHEDULE", "targetId": name}], "delayMinutes": 15}
    tell.call("chief", "PUT", f"{GOLIVE}/policies/{name}", {"name": "P", "steps": [step]}, expect=200, show=_named)
    first, runbooks = "systemctl status erp-db", ["database-primary-down"]
    service = {"name": "ERP", "policyId": name, "firstSteps": first, "runbooks": runbooks}
    tell.call("chief", "PUT", f"{GOLIVE}/services/{name}", service, expect=200, show=_named)
    sender = {"name": "Monitoring", "protocol": "PAGERDUTY", "serviceId": name}
    tell.call("chief", "PUT", f"{GOLIVE}/integrations/{name}", sender, expect=200, show=_named)
    made = tell.call("chief", "POST", f"{GOLIVE}/integrations/{name}/keys", expect=201, show=_named)
    tell.say("03:00. A monitoring system speaks PagerDuty's protocol, unchanged.")
    event = {"routing_key": made["key"], "event_action": "trigger", "dedup_key": "erp-db"}
    event["payload"] = {"summary": "Orders cannot be posted", "source": "erp-db-1", "severity": "critical"}
    tell.call(None, "POST", "/v2/enqueue", event, expect=202)
    page = tell.call("chief", "GET", f"{GOLIVE}/incidents?pageSize=100", expect=200, show=_count)
    incident = next(one["incidentId"] for one in page["items"] if one["serviceId"] == name)
    path = f"{GOLIVE}/incidents/{incident}"
    tell.call("chief", "POST", f"{path}/acknowledge", expect=200, show=_stands)
    tell.say(
        "What changed before it? Upgrades, settings, flags, engineering changes, cut-overs, as they said themselves."
    )
    tell.call("chief", "GET", f"{path}/changes?pageSize=3", expect=200, show=_sentences)
    tell.call("chief", "POST", f"{path}/notes", {"text": "The disk of erp-db-1 is full"}, expect=200, show=_stands)
    _follow(tell, path)
    tell.call(None, "POST", "/v2/enqueue", {**event, "event_action": "resolve"}, expect=202)
    tell.say("The draft of the post-mortem; every moment names the entry of the timeline that proves it.")
    tell.call("chief", "GET", f"{path}/post-mortem", expect=200, show=_moments)


def _follow(tell: Teller, incident: str) -> None:
    tell.say("The runbook that fits, step by step; it ends as recovered only where a probe proves it.")
    wanted = {"runbookId": "database-primary-down"}
    made = tell.call("chief", "POST", f"{incident}/runbook-runs", wanted, expect=201, show=lambda one: one["dueAt"])
    run = f"{GOLIVE}/runbook-runs/{made['runId']}"
    tell.call("chief", "GET", run, expect=200, show=_next)
    said = {"passed": True, "result": "writes are off, the standby is healthy"}
    tell.call("chief", "POST", f"{run}/steps/step-1/end", said, expect=200, show=_next)
    tell.call("chief", "POST", f"{run}/recovered", {}, expect=422)
    tell.call("chief", "POST", f"{run}/abandon", {"reason": "the disk was full"}, expect=200, show=_next)


def _next(data: dict[str, Any]) -> dict[str, Any]:
    step = data["next"]
    said = None if step is None else f"{step['text']['en']} {step['text']['zh']}: {step['actions'][0]['en']}"
    return {"state": data["state"], "next": said, "minutesLeft": data["minutesLeft"]}


def _named(data: dict[str, Any]) -> dict[str, Any]:
    wanted = ("contactId", "scheduleId", "policyId", "serviceId", "integrationId", "kind", "version")
    return {field: data[field] for field in wanted if field in data}


def _count(data: dict[str, Any]) -> int:
    return len(data["items"])


def _sentences(data: dict[str, Any]) -> list[str]:
    return [one["said"] for one in data["items"]]


def _stands(data: dict[str, Any]) -> dict[str, Any]:
    return {field: data[field] for field in ("state", "severity", "acknowledgedBy", "entries")}


def _moments(data: dict[str, Any]) -> list[str]:
    return [f"{one['kind']} {one['hash'][:8]}" for one in data["moments"]]
