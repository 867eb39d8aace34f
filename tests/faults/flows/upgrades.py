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


register(
    Flow(
        "ask for an upgrade",
        "upgrade",
        prepared,
        lambda upgrade: upgrade.execute("2.16.5", headers=KEYED),
        known=STEPS_OF_NOBODY,
        environment=MACHINES,
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
        volatile=TIMES,
    )
)
register(Flow("confirm at a gate", "upgrade", waiting, confirm, settle=finished, environment=MACHINES, volatile=TIMES))
