"""A rehearsal goes up, down and up on a scratch copy; the site is only read (UPG-09)."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from enghub.core.commits import Commit
from enghub.kit.databases import lines, objects
from enghub.kit.databases.session import Address
from enghub.kit.files.folder import LocalFiles
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.gateways.databases import copying
from enghub.upgrade.gateways.databases.scratch import Scratch, check, notes
from enghub.upgrade.manifests.model import parse
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.planning.plan import Source, make_plan
from enghub.upgrade.rehearsal.memory import MemoryExecutions, MemoryRehearsals
from enghub.upgrade.rehearsal.model import Part, Rehearsal, StartRehearsal
from enghub.upgrade.rehearsal.package import rehearse
from enghub.upgrade.rehearsal.service import prepared
from enghub.upgrade.rehearsal.workflow import Rehearsing
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.versions import Version
from enghub_cli.main import app
from tests import databases
from tests.databases import sql
from tests.factories import upgrade as factory
from tests.factories.upgrade import baseline, step

TEXTS = {
    "up.sql": "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY, name VARCHAR(20));\n"
    "ALTER TABLE items ADD note VARCHAR(9);",
    "down.sql": "ALTER TABLE items DROP COLUMN note;\nDROP TABLE items_v2;",
    "half.sql": "DROP TABLE items_v2;",
    "broken.sql": "INSERT INTO missing VALUES (1);",
    "wipe.sql": "DELETE FROM items_v2;",
    "change.sql": "UPDATE items SET name = 'changed';",
    "first.sql": "CREATE TABLE first_one (id INTEGER PRIMARY KEY);",
    "unfirst.sql": "DROP TABLE first_one;",
    "count.sql": "INSERT INTO counted (name) VALUES ('two');",
    "uncount.sql": "DELETE FROM counted WHERE name = 'two';",
    "back.sql": "UPDATE items SET name = 'n1';",
}
HASHES = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in TEXTS.items()}
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["up.sql"], rollback_scripts=["down.sql"])
MOVE = step(
    "enghub.RowMigration",
    "move",
    rollback_scripts=["wipe.sql"],
    migrations=[{"name": "m", "source": "items", "target": "items_v2", "mapping": {"id": "id", "name": "name"}}],
)
BACKUP = step("enghub.Backup", "copy", backup={"tables": ["items"]})
COUNTED = {
    Dialect.SQLITE: "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)",
    Dialect.MARIADB: "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTO_INCREMENT, name VARCHAR(9))",
    Dialect.POSTGRESQL: "CREATE TABLE counted (id SERIAL PRIMARY KEY, name VARCHAR(9))",
}
_SEEN = "CREATE TABLE seen (id INTEGER PRIMARY KEY, n INTEGER)"
ROUTINES = {
    Dialect.SQLITE: [
        _SEEN,
        "CREATE TRIGGER noted AFTER INSERT ON items BEGIN INSERT INTO seen (n) VALUES (NEW.id); END",
    ],
    Dialect.MARIADB: [
        "CREATE TABLE seen (id INTEGER PRIMARY KEY AUTO_INCREMENT, n INTEGER)",
        "CREATE PROCEDURE note (wanted INTEGER) INSERT INTO seen (n) VALUES (wanted)",
        "CREATE FUNCTION twice (n INTEGER) RETURNS INTEGER DETERMINISTIC RETURN 2 * n",
        "CREATE TRIGGER noted AFTER INSERT ON items FOR EACH ROW CALL note(NEW.id)",
        "CREATE SEQUENCE numbers",
        "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM seen",
    ],
    Dialect.POSTGRESQL: [
        "CREATE SEQUENCE numbers START 5",
        "CREATE TYPE mood AS ENUM ('well', 'it''s bad')",
        "CREATE TABLE seen (id INTEGER PRIMARY KEY DEFAULT nextval('numbers'), n INTEGER, mood mood DEFAULT 'well')",
        "CREATE FUNCTION note () RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO seen (n) VALUES (NEW.id); RETURN NEW; END'",
        "CREATE TRIGGER noted AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION note()",
        "CREATE MATERIALIZED VIEW kept AS SELECT id FROM items",
        "CREATE SCHEMA aside",
        "CREATE TABLE aside.things (id INTEGER PRIMARY KEY)",
    ],
}
UNCOPIED = {
    Dialect.SQLITE: set(),
    Dialect.MARIADB: {"sequence numbers", "event nightly"},
    Dialect.POSTGRESQL: {"materialised view kept", "schema aside"},
}
ROWS = 5_000


class KilledError(BaseException):
    """Nothing catches it."""


@pytest.fixture
def scratch(dialect: Dialect, tmp_path: Path) -> Iterator[Address]:
    with databases.database(dialect, tmp_path) as found, databases.account_of(found) as own:
        yield own


@pytest.fixture
def site(address: Address) -> Address:
    sql(address, "CREATE TABLE kinds (id INTEGER PRIMARY KEY)", "INSERT INTO kinds VALUES (1)")
    sql(
        address,
        "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(20), kind INTEGER, "
        "FOREIGN KEY (kind) REFERENCES kinds (id))",
        "CREATE INDEX i_name ON items (name)",
    )
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        rows = [{"id": n, "name": f"n{n}"} for n in range(1, ROWS + 1)]
        connection.execute(sa.text("INSERT INTO items VALUES (:id, :name, 1)"), rows)
    engine.dispose()
    return address


def prepared_for(*steps: dict[str, Any], row_limit: int = 10_000) -> tuple[Rehearsal, list[StepRecord]]:
    manifest = parse(baseline(upgrade_steps={"startup_pre_process": list(steps)}))
    path = find_path(Version.parse("2.16.4"), Version.parse("2.16.5"), [manifest])
    plan = make_plan(path, [Source(manifest, 1)], "EU")
    asked = StartRehearsal("2.16.4", "2.16.5", "EU", "test", row_limit)
    return prepared(asked, plan, {}, lambda _: HASHES, factory.ORIGIN)


def script(_: str, digest: str) -> str:
    return next(TEXTS[path] for path, known in HASHES.items() if known == digest)


def rehearsed(site: Address, scratch: Address, *steps: dict[str, Any], row_limit: int = 10_000) -> Rehearsal:
    rehearsal, records = prepared_for(*steps, row_limit=row_limit)
    return rehearse(rehearsal, records, (site, scratch), script, factory.ORIGIN)


def state(address: Address) -> list[Any]:
    rows = [sql(address, f"SELECT * FROM {table} ORDER BY id") for table in ("kinds", "items")]
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    names = sa.inspect(engine).get_table_names()
    engine.dispose()
    return [rows, sorted(names)]


def why(found: Rehearsal) -> dict[str, str]:
    return {one.what: one.why for one in found.not_copied}


def test_up_down_and_up_again(site: Address, scratch: Address) -> None:
    before = state(site)
    found = rehearsed(site, scratch, BACKUP, MAIN, MOVE)
    assert found.problem is None
    services = ("2.16.5/stop_service", "2.16.5/start_service")
    assert (found.succeeded, found.rows, found.not_copied, found.left_out) == (True, ROWS + 1, (), services)
    assert [times.step for times in found.steps] == ["2.16.5/copy", "2.16.5/main", "2.16.5/move"]
    for times in found.steps:
        assert None not in (times.up, times.down, times.again)
        assert (times.restored, times.differences) == (True, ())
    assert sql(scratch, "SELECT COUNT(*) FROM items_v2") == [(ROWS,)], "it ends upgraded"
    assert state(site) == before, "the site is only read"
    again = rehearsed(site, scratch, BACKUP, MAIN, MOVE)
    assert again.succeeded, "a scratch database of an earlier rehearsal is used again"


def test_an_inverse_that_forgets_something_is_found(site: Address, scratch: Address) -> None:
    forgets = {**MAIN, "rollback_scripts": ["half.sql"]}
    first = step("enghub.SqlScripts", "first", sql_scripts=["first.sql"], rollback_scripts=["unfirst.sql"])
    found = rehearsed(site, scratch, first, forgets)
    assert (found.succeeded, found.part) == (False, Part.AGAIN)
    assert len(found.differences) == 1
    assert found.differences[0].startswith("table items: ")
    assert "structure" in found.differences[0]
    one, main = found.steps
    assert (one.restored, main.restored, main.differences) == (False, False, ("table items",))
    assert found.problem is not None
    assert "note" in found.problem.en


def test_an_inverse_that_loses_rows_is_found(site: Address, scratch: Address) -> None:
    loses = step("enghub.SqlScripts", "loses", sql_scripts=["change.sql"], rollback_scripts=["back.sql"])
    found = rehearsed(site, scratch, loses)
    assert (found.succeeded, found.problem, found.differences) == (False, None, ("table items: rows",))
    assert found.steps[0].restored, "its structure is as before"


def test_a_counter_that_moved_on_is_no_difference(site: Address, scratch: Address) -> None:
    sql(site, COUNTED[site.dialect], "INSERT INTO counted (name) VALUES ('one')")
    counts = step("enghub.SqlScripts", "counts", sql_scripts=["count.sql"], rollback_scripts=["uncount.sql"])
    found = rehearsed(site, scratch, counts)
    assert found.succeeded, found


def test_what_the_outages_backup_undoes_is_undone_in_the_copy(site: Address, scratch: Address) -> None:
    sql(site, "CREATE TABLE more (id INTEGER PRIMARY KEY)", "INSERT INTO more VALUES (9001)")
    migration = {"name": "m", "source": "more", "target": "items", "mapping": {"id": "id"}}
    one_way = step("enghub.RowMigration", "move", migrations=[migration])
    alone = rehearsed(site, scratch, one_way)
    assert (alone.part, alone.succeeded) == (Part.DOWN, False)
    found = rehearsed(site, scratch, BACKUP, one_way)
    assert found.succeeded, found
    assert found.steps[1].no_inverse is None


def test_what_has_no_inverse_is_named(site: Address, scratch: Address) -> None:
    one_way = step("enghub.SqlScripts", "one_way", sql_scripts=["change.sql"])
    found = rehearsed(site, scratch, one_way)
    assert (found.part, found.steps[0].down) == (Part.DOWN, None)
    assert found.problem is not None
    assert "2.16.5/one_way" in found.problem.en
    assert found.steps[0].no_inverse is not None


def test_what_does_not_go_up_is_said(site: Address, scratch: Address) -> None:
    found = rehearsed(site, scratch, step("enghub.SqlScripts", "fails", sql_scripts=["broken.sql"]))
    assert (found.succeeded, found.part, found.steps[0].up) == (False, Part.UP, None)
    assert found.problem is not None
    assert "missing" in found.problem.en


def test_the_sites_own_database_and_a_strangers_are_refused(site: Address, scratch: Address) -> None:
    with pytest.raises(WorkFailed, match="The scratch database is the site's own"):
        check(site, site)
    sql(scratch, "CREATE TABLE precious (id INTEGER PRIMARY KEY)")
    found = rehearsed(site, scratch, MAIN)
    assert (found.part, found.succeeded) == (Part.CLAIM, False)
    assert found.problem is not None
    assert "holds precious, which no rehearsal made: name an empty one" in found.problem.en
    assert sql(scratch, "SELECT COUNT(*) FROM precious") == [(0,)]


def test_the_same_database_by_another_name_is_refused(site: Address, tmp_path: Path) -> None:
    if site.dialect is Dialect.SQLITE:
        (tmp_path / "link").symlink_to(str(site.url.database))
        other = site.url.set(database=str(tmp_path / "link"))
    else:
        default = {Dialect.MARIADB: 3306, Dialect.POSTGRESQL: 5432}[site.dialect]
        other = site.url.set(host="localhost", port=None if site.url.port == default else site.url.port)
    with pytest.raises(WorkFailed, match="The scratch database is the site's own"):
        check(site, Address(site.dialect, other))


def test_a_scratch_database_has_one_rehearsal_at_a_time(site: Address, scratch: Address) -> None:
    first, second = Scratch(site, scratch, "01FIRST"), Scratch(site, scratch, "01SECOND")
    budget = Budget.of(60, 60)
    first.claim()
    with pytest.raises(WorkFailed, match="is used by rehearsal 01FIRST"):
        second.claim()
    first.release(budget)
    second.claim()
    with pytest.raises(WorkFailed, match="Another rehearsal took the scratch database over"), first.hold(budget):
        pass


def test_rows_beyond_the_limit_stay_behind_and_are_named(site: Address, scratch: Address) -> None:
    sql(site, "INSERT INTO kinds VALUES (2)", "INSERT INTO kinds VALUES (3)")
    sql(site, "UPDATE items SET kind = 3 WHERE id < 11", "CREATE TABLE keyless (n INTEGER)")
    sql(site, "INSERT INTO keyless VALUES (1), (2), (3)")
    found = rehearsed(site, scratch, MAIN, row_limit=2)
    assert found.succeeded, found
    assert why(found) == {
        "table kinds": "only its first 2 rows were copied (rowLimit)",
        "table items": "only its first 2 rows were copied (rowLimit)",
        "table keyless": "only its first 2 rows were copied (rowLimit)",
        "rows of table items": "2 rows name others by a foreign key that were not copied",
    }
    assert sql(scratch, "SELECT id FROM kinds ORDER BY id") == [(1,), (2,)]
    assert sql(scratch, "SELECT COUNT(*) FROM items") == [(0,)], "no orphan stays"


def test_views_routines_and_triggers_are_copied_or_named(site: Address, scratch: Address) -> None:
    sql(site, "CREATE VIEW b_names AS SELECT name FROM items", "CREATE VIEW a_names AS SELECT name FROM b_names")
    sql(site, *ROUTINES[site.dialect])
    found = rehearsed(site, scratch, MAIN)
    assert found.succeeded, found
    assert sql(scratch, "SELECT COUNT(*) FROM a_names") == [(ROWS,)]
    assert why(found).keys() == UNCOPIED[site.dialect]
    sql(scratch, "DELETE FROM seen", "INSERT INTO items (id, name, kind) VALUES (9999, 'x', 1)")
    assert sql(scratch, "SELECT n FROM seen") == [(9999,)], "the trigger works in the copy"
    assert sql(site, "SELECT n FROM seen") == []


def test_a_script_that_names_the_sites_database_never_runs(site: Address, scratch: Address) -> None:
    text = f"UPDATE `{site.url.database}`.items SET name = 'changed';"
    TEXTS["change.sql"], kept = text, TEXTS["change.sql"]
    try:
        found = rehearsed(site, scratch, step("enghub.SqlScripts", "names", sql_scripts=["change.sql"]))
    finally:
        TEXTS["change.sql"] = kept
    assert (found.succeeded, found.part) == (False, Part.UP)
    assert sql(site, "SELECT COUNT(*) FROM items WHERE name = 'changed'") == [(0,)]
    if site.dialect.is_mysql:
        assert found.problem is not None
        assert "A script names the database" in found.problem.en


def test_a_variable_that_names_the_sites_database_lets_no_script_reach_it(site: Address, scratch: Address) -> None:
    TEXTS["change.sql"], kept = "UPDATE ${where}.items SET name = 'changed';", TEXTS["change.sql"]
    try:
        rehearsal, records = prepared_for(step("enghub.SqlScripts", "names", sql_scripts=["change.sql"]))
        given = [replace(one, variables={"where": str(site.url.database)}) for one in records]
        found = rehearse(rehearsal, given, (site, scratch), script, factory.ORIGIN)
    finally:
        TEXTS["change.sql"] = kept
    assert (found.succeeded, found.part) == (False, Part.UP)
    assert sql(site, "SELECT COUNT(*) FROM items WHERE name = 'changed'") == [(0,)]
    if site.dialect.is_mysql:
        assert found.problem is not None
        assert "A script names the database" in found.problem.en


def test_a_copy_whose_workers_die_again_and_again_is_the_same(
    site: Address, scratch: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql(site, "CREATE VIEW names AS SELECT name FROM items", *ROUTINES[site.dialect])
    sql(site, "CREATE TABLE a_keyless (n INTEGER)", "INSERT INTO a_keyless VALUES (1), (2)")
    whole, patient = Scratch(site, scratch, "01WHOLE"), Budget.of(600, 600)
    whole.claim()
    assert copying.copy(whole, 10_000, patient)
    assert whole.measure("before", patient)
    wanted, left = copied(whole), whole.report(patient)
    whole.release(patient)
    calls = 0

    def dying(owner: Any, name: str) -> None:
        does = getattr(owner, name)

        def dies(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            done = does(*arguments, **options)
            if calls in {n * (n + 1) // 2 for n in range(calls + 1)}:  # ever rarer, so that it comes to an end
                raise KilledError
            return done

        monkeypatch.setattr(owner, name, dies)

    again = Scratch(site, scratch, "01AGAIN")
    again.claim()
    for owner, name in ((lines, "load"), (copying, "put_note"), (copying._Copy, "_run"), (objects, "make")):
        dying(owner, name)
    deaths, complete = 0, False
    while not complete:
        try:
            complete = copying.copy(again, 10_000, patient)
        except KilledError:
            deaths += 1
    assert deaths > 3
    assert again.measure("before", patient)
    assert (copied(again), again.report(patient)) == (wanted, left)


def copied(scratch: Scratch) -> dict[str, str]:
    with scratch.hold(Budget.of(60, 60)) as connection:
        return notes(connection, "before")


def test_a_rehearsal_cut_into_the_smallest_slices_ends_the_same(
    site: Address, scratch: Address, tmp_path: Path
) -> None:
    rehearsal, records = prepared_for(BACKUP, MAIN, MOVE)
    executions, store = MemoryExecutions(), MemoryRehearsals()
    executions.plan_steps(factory.TENANT, records)
    store.save(Commit(factory.ORIGIN, "", rehearsal))
    ports = Ports(artifacts=LocalFiles(tmp_path / "artifacts"))
    rehearsing = Rehearsing(
        store, executions, lambda one: Scratch(site, scratch, one.rehearsal_id), lambda _: ports, script
    )
    parts = []
    for _ in range(300):
        parts.append(store.get("acme", rehearsal.rehearsal_id).part)
        answer = rehearsing.advance(rehearsal.rehearsal_id, 1, 0, Budget.of(0, 60), factory.ORIGIN)
        if answer.outcome != "more":
            break
    found = store.get("acme", rehearsal.rehearsal_id)
    assert found.succeeded, found
    assert found.rows == ROWS + 1
    assert parts.count(Part.COPY) > 3
    assert rehearsing.advance(rehearsal.rehearsal_id, 1, 0, Budget.of(0, 60), factory.ORIGIN).outcome == "superseded"


def typed(site: Address, scratch: Address, package: Path, *more: str) -> Result:
    def shown(address: Address) -> str:
        return address.url.render_as_string(hide_password=False)

    urls = {"ENGHUB_SITE_DATABASE": shown(site), "ENGHUB_SCRATCH_DATABASE": shown(scratch)}
    wanted = ["--from", "2.16.4", "--to", "2.16.5", "--site", "EU", "--package", str(package)]
    return CliRunner().invoke(
        app, ["upgrade", "rehearse", *wanted, "--dialect", site.dialect.value, *more], env={**urls, "COLUMNS": "200"}
    )


def test_an_operator_rehearses_a_package_by_command(site: Address, scratch: Address, tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    manifest = package / "2.16.5.json"
    manifest.write_text(json.dumps(baseline(upgrade_steps={"startup_pre_process": [BACKUP, MAIN]})))
    missing = typed(site, scratch, package)
    assert (missing.exit_code, missing.output.strip()) == (
        2,
        "enghub: The package has no script up.sql, which a manifest names",
    )
    for name, text in TEXTS.items():
        (package / name).write_text(text)
    whole = typed(site, scratch, package)
    assert whole.exit_code == 0, whole.output
    assert "It goes up, comes back as it was, and goes up again" in whole.output
    assert "Not rehearsed, they use more than the database: 2.16.5/stop_service, 2.16.5/start_service" in whole.output
    manifest.write_text(json.dumps(baseline(upgrade_steps={"startup_pre_process": [{**MAIN, "rollback_scripts": []}]})))
    one_way = typed(site, scratch, package)
    assert one_way.exit_code == 1, one_way.output
    assert "Stopped at down: " in one_way.output
    assert typed(site, site, package).exit_code == 2


def test_an_account_that_reaches_further_than_its_scratch_database_is_refused(
    site: Address, address: Address, scratch: Address, dialect: Dialect
) -> None:
    if dialect is Dialect.SQLITE:
        return
    wide = Address(dialect, address.url.set(database=scratch.url.database))
    found = rehearsed(site, wide, MAIN)
    assert not found.succeeded
    assert "may do more than work in it" in str(found)
