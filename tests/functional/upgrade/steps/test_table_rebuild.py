"""Table rebuilds: what they catch, leave alone, say (UPG-16)."""

import pytest

from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import structure
from tests.functional.upgrade.steps.scenarios.scenario import ROWS


def test_rows_that_change_while_a_rebuild_copies_are_caught(place: Place) -> None:
    wrote: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "batch" and not wrote:
            wrote.append(name)
            place.execute(
                "UPDATE orders SET state = 'late', changed = '2027-01-01 00:00:00' WHERE id = 1",
                "INSERT INTO orders (state, amount, changed) VALUES ('added', 1, '2027-01-01 00:00:00')",
                "DELETE FROM items WHERE order_id = 2",
                "DELETE FROM orders WHERE id = 2",
            )

    if place.dialect is Dialect.SQLITE:
        place.execute("DROP VIEW order_ids")
    run(place, "enghub.TableRebuild", structure.rebuild(place.dialect), point=meanwhile)
    assert place.rows("SELECT state FROM orders WHERE id IN (1, 2) OR state = 'ADDED' ORDER BY state") == [
        ("ADDED",),
        ("LATE",),
    ]
    assert place.rows("SELECT COUNT(*) FROM orders") == [(ROWS,)]


def test_a_rebuild_that_does_not_agree_leaves_the_live_table(place: Place) -> None:
    parameters = structure.rebuild(place.dialect)
    parameters["rebuilds"][0]["sums"] = {"id": "cents"}
    with pytest.raises(WorkFailed, match="the sum of id is 66 in the live table and 6875 in the new one"):
        run(place, "enghub.TableRebuild", parameters)
    assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 's0'")[0][0] > 0
    run(place, "enghub.TableRebuild", parameters, way="rollback")
    assert [name for (name, *_) in _tables(place) if "new" in name] == []


def test_a_rebuild_that_dropped_the_old_table_says_that_there_is_no_way_back(place: Place) -> None:
    parameters = structure.rebuild(place.dialect)
    parameters["rebuilds"][0]["keep_old"] = False
    run(place, "enghub.TableRebuild", parameters)
    with pytest.raises(WorkFailed, match="restore its backup instead"):
        run(place, "enghub.TableRebuild", parameters, way="rollback")


def _tables(place: Place) -> list[tuple[str]]:
    schema = {Dialect.MARIADB: "DATABASE()", Dialect.POSTGRESQL: "'public'"}.get(place.dialect)
    if schema is None:
        return place.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return place.rows(f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}")
