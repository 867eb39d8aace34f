"""One tenant or upgrade that cannot be read holds up no other, and is seen; a stuck queue is measured (UPG-10)."""

from typing import Any

import boto3
import pytest

from enghub.core.errors import Unavailable
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.admission import Outcome
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.tenants import of_every_tenant
from enghub.upgrade.origin import queue_origin
from enghub.upgrade.queue import wiring as queue_wiring
from enghub.upgrade.queue.dynamo import DynamoQueue
from enghub.upgrade.queue.model import QueueState
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal
from tests.factories.queues import failed
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import PERMISSIONS, Upgrade
from tests.functional.upgrade.test_queue import later

MANIFEST = baseline(upgrade_steps={"startup_pre_process": [step("enghub.SqlScripts", "s", sql_scripts=["s.sql"])]})


@pytest.fixture
def hub(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    monkeypatch.setattr(queue_wiring, "default_limit", lambda: 1)
    for made in (queue_wiring.queue, wiring.admission):
        made.cache_clear()
    return upgrade


def asked(hub: Upgrade, site: str, tenant: str = "acme") -> str:
    """Register a site of a tenant with its manifest, ask for its upgrade."""
    caller = a_principal(*PERMISSIONS, tenant=tenant)
    body: dict[str, Any] = {"name": site, "dialect": "sqlite", "version": "2.16.4"}
    assert hub.send("change_site", "PUT", f"/api/v1/upgrade/sites/{site}", body, caller=caller)[0] == 200
    upload = {"manifest": MANIFEST, "scripts": {"s.sql": "SELECT 1"}, "activate": True}
    assert hub.send("change_manifest", "POST", "/api/v1/upgrade/manifests", upload, caller=caller)[0] == 201
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": site, "whenBusy": "queue"}
    status, answer = hub.send("execute_upgrade", "POST", "/api/v1/upgrade/execute", body, caller=caller)
    assert status == 202, answer
    return str(answer["data"]["executionId"])


def line(tenant: str = "acme") -> QueueState:
    return queue_wiring.queue().line(tenant)


def item(execution_id: str, tenant: str = "acme") -> tuple[Any, dict[str, str]]:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    return table, {"pk": f"T#{tenant}#UPGRADE#{execution_id}", "sk": "EXECUTION"}


def damage(execution_id: str, tenant: str = "acme") -> None:
    table, keys = item(execution_id, tenant)
    assert "Item" in table.get_item(Key=keys), "the key is as the store writes it"
    table.update_item(
        Key=keys, UpdateExpression="SET body = :b", ExpressionAttributeValues={":b": '{"not": "an execution"}'}
    )


def delete(execution_id: str) -> None:
    table, keys = item(execution_id)
    assert "Item" in table.get_item(Key=keys), "the key is as the store writes it"
    table.delete_item(Key=keys)


def sweep(hub: Upgrade) -> Any:
    return hub.handler("sweep_upgrades")(sample_event("upgrade", "sweep_upgrades"), Context())


def written(capsys: pytest.CaptureFixture[str], metric: str) -> list[str]:
    return [text for text in capsys.readouterr().out.splitlines() if f'"{metric}":[' in text]


def test_a_tenant_that_cannot_be_read_does_not_keep_the_others_from_being_swept(
    hub: Upgrade, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for tenant in ("acme", "beta", "zeta"):
        for site in ("A", "B"):
            asked(hub, site, tenant)
    whole = DynamoQueue.line

    def unreadable(self: DynamoQueue, tenant_id: str) -> QueueState:
        if tenant_id == "beta":
            raise ValueError("a record is damaged")
        return whole(self, tenant_id)

    monkeypatch.setattr(DynamoQueue, "line", unreadable)
    for tenant in ("acme", "zeta"):
        queue_wiring.queue().set_limit(line(tenant).kept, 2, queue_origin(tenant))
    with pytest.raises(Unavailable):
        sweep(hub)
    assert [len(line(tenant).slots.holders) for tenant in ("acme", "zeta")] == [2, 2]
    assert '"UpgradesUnreadable":[2.0]' in written(capsys, "UpgradesUnreadable")[0]
    with pytest.raises(Unavailable):
        hub.handler("watch_upgrades")(sample_event("upgrade", "watch_upgrades"), Context())
    assert '"upgrade.active.count":[5.0]' in written(capsys, "UpgradesUnreadable")[0]


def test_an_upgrade_that_cannot_be_read_holds_up_its_own_site_alone(hub: Upgrade) -> None:
    asked(hub, "A")
    broken, second, third = asked(hub, "B"), asked(hub, "B"), asked(hub, "C")
    damage(broken)
    queue_wiring.queue().set_limit(line().kept, 4, queue_origin("acme"))
    message = sample_event("upgrade", "admit_upgrades")
    assert len(failed(hub.handler("admit_upgrades")(message, Context()))) == 1
    assert third in line().slots.holders
    assert [ticket.execution_id for ticket in line().tickets] == [broken, second], "nobody overtakes at its site"


def test_a_live_upgrade_that_cannot_be_read_is_counted_and_the_rest_is_measured(hub: Upgrade) -> None:
    damage(asked(hub, "A", "beta"), "beta")
    asked(hub, "A")
    found, unreadable = DynamoExecutions().live()
    assert ([execution.tenant_id for execution in found], unreadable) == (["acme"], 1)
    with pytest.raises(Unavailable):
        hub.handler("watch_upgrades")(sample_event("upgrade", "watch_upgrades"), Context())


def test_the_place_and_the_slot_of_an_upgrade_that_is_gone_are_given_back(hub: Upgrade) -> None:
    first, second, third = asked(hub, "A"), asked(hub, "B"), asked(hub, "C")
    delete(second)
    delete(first)
    assert wiring.admission().repair(later()) == Outcome(1)
    assert wiring.admission().admit(later()) == Outcome(1)
    assert (line().slots.holders, line().tickets) == (frozenset({third}), ())


def test_a_site_whose_last_upgrade_is_gone_can_be_upgraded_again(hub: Upgrade) -> None:
    delete(asked(hub, "A"))
    wiring.admission().repair(later())
    again = asked(hub, "A")
    assert line().slots.holders == frozenset(), "the lease of the one that is gone still runs"
    assert wiring.admission().admit(later(minutes=6)) == Outcome(1)
    assert again in line().slots.holders


def test_a_queue_is_stuck_when_somebody_waits_who_could_begin(hub: Upgrade) -> None:
    asked(hub, "A")
    asked(hub, "B")
    now = later(minutes=3)
    waits = wiring.admission().waits(now)
    assert (round(waits.longest_seconds / 60), waits.stuck_seconds) == (3, 0.0)
    queue_wiring.queue().set_limit(line().kept, 2, queue_origin("acme"))
    assert wiring.admission().waits(now).stuck_seconds == waits.longest_seconds
    wiring.admission().admit(later())
    assert wiring.admission().waits(now).longest_seconds == 0.0


def test_who_waits_for_its_own_site_is_not_stuck(hub: Upgrade) -> None:
    asked(hub, "A")
    asked(hub, "A")
    queue_wiring.queue().set_limit(line().kept, 2, queue_origin("acme"))
    assert wiring.admission().waits(later(minutes=3)).stuck_seconds == 0.0
    assert wiring.admission().waits(later(minutes=6)).stuck_seconds > 0, "its worker is gone, its lease too"


def test_every_tenant_is_asked_once() -> None:
    found = of_every_tenant(("a", "b"), lambda origin: (origin.tenant_id, origin.at > later(minutes=-1).at))
    assert found == ([("a", True), ("b", True)], 0)
