"""Backups and restores: what they refuse, leave alone, say (UPG-15)."""

from pathlib import Path

import pytest

from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, SliceState
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.steps.registry import step_class
from tests import databases
from tests.functional.upgrade.steps.doubles import AWAY, FULL, Failing
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios.backups import BACKUP
from tests.functional.upgrade.steps.scenarios.scenario import ROWS, business


def test_a_backup_is_tried_three_times(small: Place) -> None:
    store = Failing(small.artifacts, (2, 5), AWAY)
    run(small, "enghub.Backup", {"backup": BACKUP}, ports=Ports(artifacts=store, files=small.files))
    assert small.artifacts.info("backups/EU/01EXECUTION/2.16.5/step/manifest.json") is not None


@pytest.mark.parametrize(("failure", "tries"), [(AWAY, 3), (FULL, 1)])
def test_a_backup_that_is_given_up_leaves_nothing_that_looks_whole(
    small: Place, failure: WorkFailed, tries: int
) -> None:
    store = Failing(small.artifacts, range(3, 99), failure)
    with pytest.raises(WorkFailed, match=f"given up after {tries} tries: .*Nothing of it is kept") as raised:
        run(small, "enghub.Backup", {"backup": BACKUP}, ports=Ports(artifacts=store, files=small.files))
    assert not raised.value.retryable
    assert list(small.artifacts.list("")) == []


def test_a_snapshot_does_not_see_what_others_write_meanwhile_and_stops_nobody(tmp_path: Path) -> None:
    for dialect in (Dialect.MARIADB, Dialect.POSTGRESQL):
        folder = tmp_path / dialect
        folder.mkdir()
        with databases.database(dialect, folder) as address:
            place = Place(folder, address)
            business(place)
            wrote: list[str] = []

            def meanwhile(name: str, place: Place = place, wrote: list[str] = wrote) -> None:
                if name == "chunk" and not wrote:
                    wrote.append(name)
                    place.execute("INSERT INTO items (order_id) VALUES (1)", "UPDATE orders SET state = 'later'")

            result = run(place, "enghub.Backup", {"backup": BACKUP}, point=meanwhile).result
            assert wrote
            assert result["consistency"] == "snapshot"
            assert [table["rows"] for table in result["tables"]] == [ROWS, ROWS]
            run(place, "enghub.RestoreBackup", {}, step_id="restore")
            assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'later'") == [(0,)]


def test_a_snapshot_that_takes_too_long_goes_on_in_chunks(small: Place) -> None:
    step = step_class("enghub.Backup")()
    context = small.context({"backup": BACKUP}, budget=Budget.of(0, 20))
    ended = step.run(context, {})
    assert ended.state is SliceState.MORE
    assert run(small, "enghub.Backup", {"backup": BACKUP}).result["consistency"] == "chunks"


def test_a_table_without_a_key_needs_a_snapshot(small: Place) -> None:
    small.execute("CREATE TABLE keyless (n INTEGER)", "INSERT INTO keyless VALUES (1), (1)")
    assert run(small, "enghub.Backup", {"backup": {"tables": ["keyless"]}}).result["tables"][0]["rows"] == 2
    with pytest.raises(WorkFailed, match="keyless has no primary key"):
        run(small, "enghub.Backup", {"backup": {"tables": ["keyless"], "consistency": "chunks"}}, step_id="other")


def test_a_damaged_chunk_is_found_before_the_live_table_is_touched(place: Place) -> None:
    run(place, "enghub.Backup", {"backup": BACKUP})
    chunk = next(info.path for info in place.artifacts.list("backups") if "/orders/" in info.path)
    place.artifacts.write(chunk, place.artifacts.read(chunk)[:-1] + b"x")
    place.execute("UPDATE orders SET state = 'live'")
    with pytest.raises(WorkFailed, match=r"is damaged: .* does not have its checksum"):
        run(place, "enghub.RestoreBackup", {})
    assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'live'") == [(ROWS,)]


def test_an_unfinished_or_altered_backup_is_no_backup(small: Place) -> None:
    with pytest.raises(WorkFailed, match="no complete backup of execution 01EXECUTION"):
        run(small, "enghub.RestoreBackup", {})
    run(small, "enghub.Backup", {"backup": BACKUP})
    name = "backups/EU/01EXECUTION/2.16.5/step/manifest.json"
    small.artifacts.write(name, small.artifacts.read(name).replace(b'"rows":5', b'"rows":4', 1))
    with pytest.raises(WorkFailed, match="no complete backup"):
        run(small, "enghub.RestoreBackup", {})


def test_a_restore_after_a_restore_notices_what_changed_between_them(place: Place) -> None:
    run(place, "enghub.Backup", {"backup": BACKUP}, step_id="backup")
    for _ in range(2):
        place.execute("UPDATE orders SET state = 'bad'")
        run(place, "enghub.RestoreBackup", {})
        assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'bad'") == [(0,)]
