"""Backup and restore."""

from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios.scenario import ROWS, Scenario, business

BACKUP = {"tables": ["orders", "items"], "config_files": ["conf/app.properties", "conf/none.xml"], "chunk_rows": 5}


def old_backups(place: Place) -> None:
    business(place)
    for number in range(1, 5):
        earlier = Place(place.folder, place.address, f"0{number}EARLIER")
        matrix.run(earlier, "enghub.Backup", {"backup": {"config_files": ["conf/app.properties"], "keep": 9}})


def backed_up(place: Place) -> None:
    paths = [info.path for info in place.artifacts.list("backups/EU")]
    assert {path.split("/")[2] for path in paths} == {"01EXECUTION", "03EARLIER", "04EARLIER"}
    assert sum(path.startswith("backups/EU/01EXECUTION/2.16.5/step/orders/") for path in paths) == 3


def damaged(place: Place) -> None:
    """Backed up by another step, then changed."""
    backed_up_then_broken(place, "backup")


def own_backup_before(place: Place) -> None:
    """Backed up by the step itself, then changed."""
    backed_up_then_broken(place, "step")


def backed_up_then_broken(place: Place, step_id: str) -> None:
    """Changed in every way a failed upgrade may leave it."""
    business(place)
    matrix.run(place, "enghub.Backup", {"backup": BACKUP}, step_id=step_id)
    place.execute(
        "DELETE FROM items WHERE id > 4",
        "UPDATE orders SET state = 'broken'",
        "ALTER TABLE orders ADD COLUMN extra INTEGER",
        "DROP INDEX i_state" + (" ON orders" if place.dialect.is_mysql else ""),
    )
    place.files.write("conf/app.properties", b"name=new\n")
    place.files.write("conf/none.xml", b"<new/>")


def restored(place: Place) -> None:
    assert place.rows("SELECT COUNT(*) FROM items") == [(ROWS,)]
    assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'broken'") == [(0,)]
    assert place.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert place.files.info("conf/none.xml") is None
    place.execute("INSERT INTO items (order_id) VALUES (3)")
    assert place.rows("SELECT MAX(id) FROM items") == [(ROWS + 1,)]


SCENARIOS: dict[str, Scenario] = {
    "backup": Scenario("enghub.Backup", {"backup": BACKUP}, old_backups, backed_up),
    "backup in chunks": Scenario(
        "enghub.Backup", {"backup": {**BACKUP, "consistency": "chunks"}}, old_backups, backed_up
    ),
    "backup undone": Scenario("enghub.Backup", {"backup": BACKUP}, own_backup_before, restored, "rollback"),
    "restore": Scenario("enghub.RestoreBackup", {}, damaged, restored),
}
