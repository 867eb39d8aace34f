"""A rehearsal goes up, down and up on a scratch copy; the site is only read (UPG-09)."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from enghub.upgrade.gateways.databases import copying
from enghub.upgrade.gateways.databases.session import Address
from enghub.upgrade.planning.plan import Stage
from enghub.upgrade.rehearsal.runner import Rehearsal, Rehearsing
from enghub.upgrade.sql.dialect import Dialect
from enghub.upgrade.steps.base import StepFailed
from enghub_cli.main import app
from tests import databases
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
}
HASHES = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in TEXTS.items()}
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["up.sql"], rollback_scripts=["down.sql"])
MOVE = step(
    "enghub.RowMigration",
    "move",
    rollback_scripts=["wipe.sql"],
    migrations=[{"name": "m", "source": "items", "target": "items_v2", "mapping": {"id": "id", "name": "name"}}],
)
STOP = step("enghub.StopService", "stop_service")
ROWS = 5_000


@pytest.fixture
def scratch(dialect: Dialect, tmp_path: Path) -> Iterator[Address]:
    with databases.database(dialect, tmp_path) as found:
        yield found


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


def sql(address: Address, *statements: str) -> list[Any]:
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    rows: list[Any] = []
    with engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def rehearsed(site: Address, scratch: Address, *steps: dict[str, Any]) -> Rehearsal:
    records = factory.records({Stage.STOP_SERVICE: [STOP], Stage.STARTUP_PRE_PROCESS: list(steps)}, HASHES)
    texts = {digest: TEXTS[path] for path, digest in HASHES.items()}
    rehearsing = Rehearsing(site, scratch, lambda _, digest: texts[digest], factory.ORIGIN)
    return rehearsing.run(factory.execution(len(records)), records)


def test_up_down_and_up_again(site: Address, scratch: Address) -> None:
    before = copying.state(site)
    found = rehearsed(site, scratch, MAIN, MOVE)
    assert found.problem is None
    assert (found.succeeded, found.rows, found.left_out) == (True, ROWS + 1, ("2.16.5/stop_service",))
    assert [times.step for times in found.steps] == ["2.16.5/main", "2.16.5/move"]
    for times in found.steps:
        assert None not in (times.up, times.down, times.again)
    assert sql(scratch, "SELECT COUNT(*) FROM items_v2") == [(ROWS,)], "it ends upgraded"
    assert copying.state(site) == before, "the site is only read"
    again = rehearsed(site, scratch, MAIN, MOVE)
    assert again.succeeded, "a scratch database of an earlier rehearsal is used again"


def test_an_inverse_that_forgets_something_is_found(site: Address, scratch: Address) -> None:
    forgets = {**MAIN, "rollback_scripts": ["half.sql"]}
    found = rehearsed(site, scratch, forgets)
    assert (found.succeeded, found.differences, found.stopped) == (False, ("items",), "again")
    assert found.problem is not None
    assert "note" in found.problem.en


def test_what_has_no_inverse_is_named(site: Address, scratch: Address) -> None:
    one_way = step("enghub.SqlScripts", "one_way", sql_scripts=["change.sql"])
    found = rehearsed(site, scratch, one_way)
    assert (found.stopped, found.steps[0].down) == ("down", None)
    assert found.problem is not None
    assert "2.16.5/one_way" in found.problem.en
    assert found.steps[0].no_inverse is not None


def test_what_does_not_go_up_is_said(site: Address, scratch: Address) -> None:
    found = rehearsed(site, scratch, step("enghub.SqlScripts", "fails", sql_scripts=["broken.sql"]))
    assert (found.succeeded, found.stopped) == (False, "up")
    assert found.problem is not None
    assert "missing" in found.problem.en


def test_the_sites_own_database_and_a_strangers_are_refused(site: Address, scratch: Address) -> None:
    with pytest.raises(StepFailed, match="The scratch database is the site's own"):
        rehearsed(site, site, MAIN)
    sql(scratch, "CREATE TABLE precious (id INTEGER PRIMARY KEY)")
    with pytest.raises(StepFailed, match="holds precious, which no rehearsal made: name an empty one"):
        rehearsed(site, scratch, MAIN)
    assert sql(scratch, "SELECT COUNT(*) FROM precious") == [(0,)]


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
    manifest.write_text(json.dumps(baseline(upgrade_steps={"startup_pre_process": [MAIN]})))
    missing = typed(site, scratch, package)
    assert (missing.exit_code, missing.output.strip()) == (
        2, "enghub: The package has no script up.sql, which a manifest names",
    )  # fmt: skip
    for name, text in TEXTS.items():
        (package / name).write_text(text)
    whole = typed(site, scratch, package)
    assert whole.exit_code == 0, whole.output
    assert "It goes up, comes back as it was, and goes up again" in whole.output
    assert "Not rehearsed, they touch more than the database: 2.16.5/stop_service, 2.16.5/start_service" in whole.output
    manifest.write_text(json.dumps(baseline(upgrade_steps={"startup_pre_process": [{**MAIN, "rollback_scripts": []}]})))
    one_way = typed(site, scratch, package)
    assert one_way.exit_code == 1, one_way.output
    assert "The run down stopped: " in one_way.output
    assert typed(site, site, package).exit_code == 2
