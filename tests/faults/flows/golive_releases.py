"""Releases: asked for once, reviewed once, moved once by an upgrade's event (OPS-24)."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.factories import stored
from tests.factories.go_lives import Installation
from tests.factories.http import Context, a_principal
from tests.factories.queues import failed
from tests.faults.harness import Flow, register

RIGHTS = ("golive:read", "golive:release:request", "golive:work")
DEV, OPS = (a_principal(*RIGHTS, user=name) for name in ("dev", "ops"))
BODY = {"title": "ERP 3.1", "system": "eu", "version": "2.16.5", "reviewers": ["ops"]}
DATA = {"site_id": "eu", "environment": "prod", "source_version": "1", "target_version": "2.16.5", "problem": None}
EVENT = {
    "event_id": "01KK6D3Q4P0A1B2C3D4E5F6G21",
    "event_type": "UpgradeStarted",
    "timestamp": "2026-11-28T10:00:00.000000Z",
    "tenant_id": "acme",
    "factory_id": "",
    "source_service": "enghub.upgrade",
    "data": DATA,
    "version": "1.0",
}


@dataclass
class Releasing:
    """A release that was asked for."""

    hub: Installation = field(default_factory=Installation)
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    def request(self) -> tuple[int, Any]:
        return self.hub.send("POST", "/releases", BODY, caller=DEV, headers={"Idempotency-Key": "key-1"})

    def review(self) -> tuple[int, Any]:
        return self.hub.send("POST", f"{self.path}/review", self.body, caller=OPS)

    def upgrade(self) -> list[str]:
        body = {"detail-type": "UpgradeStarted", "source": "enghub.upgrade", "detail": EVENT}
        record = {"messageId": "m", "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.hub.handler("follow_upgrades")({"Records": [record]}, Context()))


def requested() -> Releasing:
    found = Releasing()
    made = found.hub.data("POST", "/releases", BODY, caller=DEV)
    found.path, found.body = f"/releases/{made['releaseId']}", {"verdict": "APPROVE", "seen": made["seen"]}
    return found


def approved() -> Releasing:
    found = requested()
    assert found.review()[0] == 200
    return found


def started_once(_: Releasing) -> None:
    assert [one["data"]["action"] for one in stored.events("ReleaseChanged")].count("started") == 1


def flow(name: str, arrange: Any, act: Any, **more: Any) -> None:
    register(Flow(name, "golive", arrange, act, environment={"BUCKET_NAME": "enghub-test-files"}, **more))


flow("ask for a release", Releasing, Releasing.request)
flow("review a release", requested, Releasing.review)
flow("let an upgrade move a release", approved, Releasing.upgrade, must=started_once)
