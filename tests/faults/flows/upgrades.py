"""Upgrades: asked for, worked on task by task, held at a gate and let through."""

import os
import tempfile
from pathlib import Path
from typing import Any

from tests.factories.upgrade import baseline, step
from tests.faults.harness import Flow, register, retried
from tests.functional.upgrade.conftest import Upgrade

KEYED = {"Idempotency-Key": "key-1"}
MACHINES = {
    f"STATE_MACHINE_ARN_{name}": f"arn:aws:states:eu-central-1:123456789012:stateMachine:{name.lower()}"
    for name in ("UPGRADE_SITE", "ROLL_BACK_UPGRADE", "ROLL_OUT_FLEET")
}
TIMES = (r"_?[sS]econds[^:]{0,3}: ?[0-9.e-]+", r'"record_version": {"N": "[0-9]+"}')
"""How long things took, and how often a slice was begun."""
STEPS_OF_NOBODY = "too much: UPGRADE_STEP "
"""Steps are stored before their execution, under an id that a repeat does not know: nobody finds or removes them."""
FOLDER = Path(tempfile.gettempdir()) / f"enghub-fault-flows-{os.getpid()}"
"""One place for the sites of all runs in this process: two runs must not differ by a path."""


class Retrying(Upgrade):
    """The context with its tasks called as the state machine calls them."""

    def task(self, function: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = retried(lambda: super(Retrying, self).task(function, **arguments))
        return answer


def prepared() -> Retrying:
    """A site of its own with an upgrade that has a gate after its first script."""
    folder = FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "site.db").unlink(missing_ok=True)
    upgrade = Retrying(folder / "site.db")
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
    first = step("enghub.SqlScripts", "first", sql_scripts=["a.sql"])
    gate = step("enghub.SqlScripts", "gate", sql_scripts=["b.sql"], requires_confirmation=True)
    document = baseline("2.16.5", upgrade_steps={"startup_pre_process": [first, gate]})
    upgrade.upload(
        document, {"a.sql": "INSERT INTO items VALUES (1, 'a');", "b.sql": "INSERT INTO items VALUES (2, 'b');"}
    )
    upgrade.site()
    return upgrade


def running() -> tuple[Retrying, str]:
    upgrade = prepared()
    return upgrade, upgrade.started("2.16.5")


def waiting() -> tuple[Retrying, str]:
    upgrade, execution_id = running()
    assert upgrade.work(execution_id) == "confirm"
    return upgrade, execution_id


def confirm(state: tuple[Retrying, str]) -> tuple[int, Any]:
    upgrade, execution_id = state
    path = f"/api/v1/upgrade/confirm/{execution_id}"
    return upgrade.send("control_upgrade", "POST", path, {}, headers=KEYED)


def finished(state: tuple[Retrying, str]) -> None:
    """What the gate let through is done, and done once."""
    upgrade, execution_id = state
    assert upgrade.work(execution_id) == "SUCCEEDED"
    assert upgrade.sql("SELECT id FROM items ORDER BY id") == [(1,), (2,)]


def rows_of_the_first_step(state: tuple[Retrying, str]) -> None:
    assert state[0].sql("SELECT id FROM items") == [(1,)]


def corrected() -> tuple[Retrying, str]:
    """An upgrade that stopped at a wrong script, and the right one in force."""
    upgrade = prepared()
    main = step("enghub.SqlScripts", "main", sql_scripts=["c.sql"], transaction="statement")
    last = step("enghub.SqlScripts", "last", sql_scripts=["d.sql"])
    document = baseline("2.16.5", upgrade_steps={"startup_pre_process": [main, last]})
    for table in ("nowhere", "items"):
        scripts = {"c.sql": f"INSERT INTO items VALUES (1, 'a');\nINSERT INTO {table} VALUES (2, 'b');"}
        upgrade.upload(document, {**scripts, "d.sql": f"UPDATE items SET name = '{table}' WHERE id = 2;"})
        if table == "nowhere":
            execution_id = upgrade.started("2.16.5")
            assert upgrade.work(execution_id) == "FAILED"
    return upgrade, execution_id


def go_on_corrected(state: tuple[Retrying, str]) -> tuple[int, Any]:
    upgrade, execution_id = state
    path = f"/api/v1/upgrade/resume/{execution_id}"
    return upgrade.send("control_upgrade", "POST", path, {"revision": "active"}, headers=KEYED)


def ended_corrected(state: tuple[Retrying, str]) -> None:
    """What was committed ran once, the rest as it was corrected."""
    upgrade, execution_id = state
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    assert upgrade.sql("SELECT id, name FROM items ORDER BY id") == [(1, "a"), (2, "items")]


register(
    Flow(
        "resume with corrected manifests",
        "upgrade",
        corrected,
        go_on_corrected,
        settle=ended_corrected,
        environment=MACHINES,
        folder=FOLDER,
        volatile=TIMES,
    )
)
register(
    Flow(
        "ask for an upgrade",
        "upgrade",
        prepared,
        lambda upgrade: upgrade.execute("2.16.5", headers=KEYED),
        known=STEPS_OF_NOBODY,
        environment=MACHINES,
        folder=FOLDER,
        volatile=TIMES,
    )
)
register(
    Flow(
        "work an upgrade up to its gate",
        "upgrade",
        running,
        lambda state: state[0].work(state[1]),
        must=rows_of_the_first_step,
        environment=MACHINES,
        folder=FOLDER,
        volatile=TIMES,
    )
)
register(
    Flow(
        "confirm at a gate",
        "upgrade",
        waiting,
        confirm,
        settle=finished,
        environment=MACHINES,
        folder=FOLDER,
        volatile=TIMES,
    )
)


def confirmed() -> tuple[Retrying, str]:
    state = waiting()
    assert confirm(state)[0] == 202
    return state


def recorded(state: tuple[Retrying, str]) -> None:
    """What the upgrade left is recorded as it is, and the next plan finds nothing."""
    upgrade, _ = state
    assert upgrade.sql("SELECT id FROM items ORDER BY id") == [(1,), (2,)]
    upgrade.upload(baseline("2.16.6"))
    body = {"upgradeBeforeVersion": "2.16.5", "upgradeAfterVersion": "2.16.6", "siteId": "EU"}
    planned = upgrade.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body)[1]["data"]
    assert planned["drift"]["state"] == "same"


register(
    Flow(
        "work an upgrade to its end, and record what it leaves",
        "upgrade",
        confirmed,
        lambda state: state[0].work(state[1]),
        settle=recorded,
        environment=MACHINES,
        folder=FOLDER,
        volatile=TIMES,
    )
)
