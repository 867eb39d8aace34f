"""Four versions, two baselines and two patches, and a back-port, on every database (UPG-03, UPG-19).

A (2.16.4) to B (2.16.5), its patch (2.16.5.1), C (2.17.0) and its patch D (2.17.0.2), at the site EU. 2.17.0.1 brings
the fix of 2.16.5.1 to C: who ran the one does not run the other again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.gateways.databases.journal import OWN_TABLES
from tests import databases
from tests.factories.upgrade import baseline, patch, step
from tests.functional.upgrade.conftest import Upgrade

SCRIPTS = {
    "b/orders.sql": "ALTER TABLE orders ADD note VARCHAR(40);\nUPDATE orders SET note = 'B';",
    "b/eu.sql": "CREATE TABLE vat (country VARCHAR(2) PRIMARY KEY, rate INTEGER);\nINSERT INTO vat VALUES ('DE', 19);",
    "b/us.sql": "CREATE TABLE us_tax (id INTEGER);",
    "fix.sql": "UPDATE orders SET amount = amount + 1000;",
    "c/archive.sql": "CREATE TABLE archive (id INTEGER PRIMARY KEY, amount INTEGER, note VARCHAR(40));",
    "c/eu.sql": "INSERT INTO vat VALUES ('FR', 20);",
    "p/index.sql": "CREATE INDEX i_amount ON orders (amount);\nUPDATE orders SET note = 'D';",
}
ORDER = ["2.16.5/orders", "2.16.5/eu", "2.16.5.1/fix", "2.17.0/archive", "2.17.0/move", "2.17.0/eu", "2.17.0.2/index"]


def sql_step(name: str, *scripts: str, **keys: Any) -> dict[str, Any]:
    return step("enghub.SqlScripts", name, sql_scripts=list(scripts), **keys)


def only(*sites: str) -> dict[str, Any]:
    return {"is_common": False, "site_ids": list(sites)}


def documents() -> list[dict[str, Any]]:
    move = {
        "name": "archive",
        "source": "orders",
        "target": "archive",
        "where": "id <= 20",
        "mapping": {"id": "id", "amount": "amount", "note": "note"},
    }
    b = [
        sql_step("orders", "b/orders.sql", priority=10),
        sql_step("eu", "b/eu.sql", priority=20, **only("EU", "EU2")),
        sql_step("us", "b/us.sql", priority=20, **only("US", "JP")),
    ]
    c = [
        sql_step("archive", "c/archive.sql", priority=10),
        step("enghub.RowMigration", "move", priority=20, migrations=[move]),
        sql_step("eu", "c/eu.sql", priority=30, **only("EU", "EU2")),
    ]
    fixed = {"required_base_version": "2.17.0"}
    return [
        baseline("2.16.5", upgrade_steps={"startup_pre_process": b}),
        patch("2.16.5.1", upgrade_steps={"startup_pre_process": [sql_step("fix", "fix.sql")]}),
        baseline("2.17.0", upgrade_steps={"startup_pre_process": c}),
        patch(
            "2.17.0.1",
            dependencies={**fixed, "equivalent_to": ["2.16.5.1"]},
            upgrade_steps={"startup_pre_process": [sql_step("fix", "fix.sql")]},
        ),
        patch(
            "2.17.0.2", dependencies=fixed, upgrade_steps={"startup_pre_process": [sql_step("index", "p/index.sql")]}
        ),
    ]


def prepared(upgrade: Upgrade, address: Address, site_id: str = "EU") -> None:
    execute(address, "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)")
    execute(address, "INSERT INTO orders VALUES " + ", ".join(f"({n}, {n * 7})" for n in range(1, 51)))
    body = {"name": site_id, "dialect": address.dialect.value, "version": "2.16.4"}
    assert upgrade.send("change_site", "PUT", f"/api/v1/upgrade/sites/{site_id}", body)[0] == 200
    secret = json.dumps({"url": address.url.render_as_string(hide_password=False)})
    boto3.client("secretsmanager").create_secret(Name=f"enghub/test/upgrade/site/acme/{site_id}", SecretString=secret)


def upload(upgrade: Upgrade) -> None:
    for document in documents():
        named = json.dumps(document)
        upgrade.upload(document, {path: text for path, text in SCRIPTS.items() if f'"{path}"' in named})


def execute(address: Address, statement: str) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def contents(address: Address) -> dict[str, Any]:
    """Columns, indexes and rows of every business table."""
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        found = {
            name: (
                [(column["name"], str(column["type"])) for column in inspector.get_columns(name)],
                sorted(str(index["name"]) for index in inspector.get_indexes(name)),
                sorted(tuple(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))),
            )
            for name in sorted(set(inspector.get_table_names()) - OWN_TABLES)
        }
    engine.dispose()
    return found


def run(upgrade: Upgrade, source: str, target: str, site_id: str = "EU") -> list[str]:
    """Upgrade; return the steps that ran, in the order they began, without stop and start of the service."""
    body = {"upgradeBeforeVersion": source, "upgradeAfterVersion": target, "siteId": site_id, "environment": "test"}
    status, answer = upgrade.send("execute_upgrade", "POST", "/api/v1/upgrade/execute", body)
    assert status == 202, answer
    execution_id = answer["data"]["executionId"]
    assert upgrade.work(execution_id) == "SUCCEEDED", upgrade.status(execution_id)["error"]
    steps = [found["step"] for found in upgrade.status(execution_id)["steps"]]
    return [name for name in steps if not name.endswith("_service")]


@contextmanager
def another(dialect: Dialect, folder: Path) -> Iterator[Address]:
    folder.mkdir()
    with databases.database(dialect, folder) as address:
        yield address


def test_a_site_jumps_over_four_versions_with_its_own_steps(upgrade: Upgrade, address: Address) -> None:
    upload(upgrade)
    prepared(upgrade, address)
    assert run(upgrade, "2.16.4", "2.17.0.2") == ORDER
    found = contents(address)
    assert set(found) == {"archive", "orders", "vat"}
    assert [name for name, _ in found["orders"][0]] == ["id", "amount", "note"]
    assert found["orders"][1:] == (["i_amount"], [(n, n * 7 + 1000, "D") for n in range(1, 51)])
    assert found["archive"][2] == [(n, n * 7 + 1000, "B") for n in range(1, 21)]
    assert found["vat"][2] == [("DE", 19), ("FR", 20)]
    site = upgrade.send("read_sites", "GET", "/api/v1/upgrade/sites/EU")[1]["data"]
    assert site["appliedVersions"] == ["2.16.5", "2.16.5.1", "2.17.0", "2.17.0.2"]


def test_a_jump_equals_stepping(upgrade: Upgrade, address: Address, dialect: Dialect, tmp_path: Path) -> None:
    upload(upgrade)
    prepared(upgrade, address)
    run(upgrade, "2.16.4", "2.17.0.2")
    with another(dialect, tmp_path / "stepping") as other:
        prepared(upgrade, other, "EU2")
        versions = ["2.16.4", "2.16.5", "2.16.5.1", "2.17.0", "2.17.0.2"]
        for source, target in pairwise(versions):
            run(upgrade, source, target, "EU2")
        stepped = contents(other)
    assert contents(address) == stepped


def test_a_back_ported_fix_runs_where_its_twin_did_not(upgrade: Upgrade, address: Address) -> None:
    """A site that came to C without 2.16.5.1 gets the fix with 2.17.0.1, once."""
    upload(upgrade)
    upgrade.send("change_manifest", "POST", "/api/v1/upgrade/manifests/2.16.5.1/deactivate", {})
    prepared(upgrade, address)
    assert run(upgrade, "2.16.4", "2.17.0.2")[-2:] == ["2.17.0.1/fix", "2.17.0.2/index"]
    assert execute(address, "SELECT MIN(amount), MAX(amount) FROM orders") == [(1007, 1350)]
