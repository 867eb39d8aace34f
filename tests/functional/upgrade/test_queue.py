"""One upgrade per site, five per tenant, the rest in order (UPG-10)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core.identity import Origin
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.admission import Outcome
from enghub.upgrade.executions.errors import SiteBusy
from enghub.upgrade.executions.model import StartUpgrade
from enghub.upgrade.queue.wiring import queue
from tests.factories.upgrade import baseline, step
from tests.fakes.one_at_a_time import one_call_at_a_time
from tests.functional.upgrade.conftest import Upgrade

NOTHING = step("enghub.SqlScripts", "s", sql_scripts=["s.sql"])


@pytest.fixture
def hub(upgrade: Upgrade) -> Upgrade:
    queue.cache_clear()
    wiring.admission.cache_clear()
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [NOTHING]}), {"s.sql": "SELECT 1"})
    return upgrade


def ask(hub: Upgrade, site: str, when_busy: str = "refuse") -> tuple[int, Any]:
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": site, "whenBusy": when_busy}
    return hub.send("execute_upgrade", "POST", "/api/v1/upgrade/execute", body)


def later(**by: int) -> Origin:
    return Origin("acme", "", "sweep", datetime.now(UTC) + timedelta(**by), "sweep")


def accepted(site: str, when_busy: str) -> str:
    """Ask the service itself: a Lambda's handler never serves two requests at once."""
    try:
        return (
            wiring.upgrades()
            .execute(StartUpgrade("2.16.4", "2.16.5", site, "test", when_busy=when_busy), later())
            .status.value
        )
    except SiteBusy:
        return "SiteBusy"


def test_twelve_sites_never_run_more_than_five_and_come_in_order(hub: Upgrade) -> None:
    for n in range(12):
        hub.site(f"S{n:02}")
    with one_call_at_a_time(), ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda n: accepted(f"S{n:02}", "refuse"), range(12)))
    assert sorted(found) == ["PENDING"] * 5 + ["QUEUED"] * 7
    assert len(queue().line("acme").slots.holders) == 5
    waiting = [ticket.execution_id for ticket in queue().line("acme").tickets]
    for execution_id in sorted(queue().line("acme").slots.holders)[:2]:
        hub.work(execution_id)
    assert wiring.admission().admit(later()) == Outcome(2)
    line = queue().line("acme")
    assert len(line.slots.holders) == 5
    assert [ticket.execution_id for ticket in line.tickets] == waiting[2:]


@pytest.mark.parametrize(("when_busy", "others"), [("refuse", "SiteBusy"), ("queue", "QUEUED")])
def test_of_twenty_requests_for_a_site_one_begins(hub: Upgrade, when_busy: str, others: str) -> None:
    hub.site()
    with one_call_at_a_time(), ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: accepted("EU", when_busy), range(20)))
    assert len(queue().line("acme").slots.holders) == 1
    assert len(queue().line("acme").tickets) == (19 if when_busy == "queue" else 0)
    assert sorted(found) == sorted(["PENDING", *[others] * 19])


def test_a_site_that_moved_on_refuses_who_waited_for_it(hub: Upgrade) -> None:
    hub.site()
    first, second = (ask(hub, "EU", "queue")[1]["data"]["executionId"] for _ in range(2))
    hub.work(first)
    wiring.admission().admit(later())
    seen = hub.status(second)
    assert (seen["status"], seen["error"][:27]) == ("FAILED", "The site runs 2.16.5 now, n")
    assert queue().line("acme").tickets == ()


def test_a_queued_upgrade_is_aborted_at_once(hub: Upgrade) -> None:
    hub.site()
    _, second, third = [ask(hub, "EU", "queue")[1]["data"]["executionId"] for _ in range(3)]
    seen = hub.status(third)
    assert (seen["queuePosition"], seen["queueBehind"]) == (2, [second])
    assert hub.send("control_upgrade", "POST", f"/api/v1/upgrade/abort/{second}")[1]["data"]["status"] == "ABORTED"
    assert [ticket.execution_id for ticket in queue().line("acme").tickets] == [third]


def test_a_dead_upgrade_keeps_its_slot_no_longer_than_its_lease(hub: Upgrade) -> None:
    hub.site()
    execution_id = ask(hub, "EU")[1]["data"]["executionId"]
    assert wiring.admission().repair(later(minutes=6)) == Outcome()
    assert wiring.admission().repair(later(minutes=8)) == Outcome(1)
    assert hub.status(execution_id)["status"] == "FAILED"
    assert queue().line("acme").slots.holders == frozenset()
    assert hub.resume(execution_id)[1]["data"]["status"] == "PENDING"
    assert hub.work(execution_id, run=2) == "SUCCEEDED"


def test_the_functions_take_their_samples(hub: Upgrade) -> None:
    assert hub.handler("sweep_upgrades")({}, None) == {"ended": 0, "begun": 0}
