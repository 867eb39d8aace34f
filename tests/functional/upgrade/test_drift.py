"""A site that was changed by hand is found out before the next plan, on every kind of database (UPG-24)."""

from typing import Any

import pytest
import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.drift.model import Record, compare
from enghub.upgrade.drift.reading import observe
from enghub.upgrade.gateways.databases.kinds import databases_of
from tests import databases
from tests.factories.upgrade import NOW, baseline, step
from tests.functional.upgrade.conftest import Upgrade, items
from tests.functional.upgrade.fleet import Fleet

TABLES = ("CREATE TABLE orders (id INTEGER PRIMARY KEY, status INTEGER NOT NULL, amount INTEGER)",)
CURRENCY = (
    "CREATE TABLE currency (code VARCHAR(3) PRIMARY KEY, digits INTEGER NOT NULL)",
    "INSERT INTO currency VALUES ('EUR', 2), ('JPY', 0), ('CNY', 2)",
)


def recorded(address: Address, tables: tuple[str, ...] = ("currency",)) -> Record:
    with databases_of(address, 0).reader(10) as session:
        seen = observe(session, tables)
    return Record("acme", "EU", "2.16.5", "01EXECUTION", NOW, 7, tables, seen.parts)


def found(address: Address, record: Record) -> list[str]:
    with databases_of(address, 0).reader(10) as session:
        return [one.label.en for one in compare(record, observe(session, record.tables)).differences]


BY_HAND = {
    "a column": ("ALTER TABLE orders ADD COLUMN note VARCHAR(20)", ["column orders.note added"]),
    "an index": ("CREATE INDEX i_status ON orders (status)", ["index orders.i_status added"]),
    "a row that is changed": ("UPDATE currency SET digits = 3 WHERE code = 'JPY'", ["row currency code=JPY changed"]),
    "a row that is gone": ("DELETE FROM currency WHERE code = 'CNY'", ["row currency code=CNY missing"]),
    "a row more": ("INSERT INTO currency VALUES ('USD', 2)", ["row currency code=USD added"]),
    "a table": ("CREATE TABLE copied (id INTEGER PRIMARY KEY)", ["table copied added"]),
    "a table that is gone, with its rows": ("DROP TABLE currency", ["table currency missing"]),
    "a view": ("CREATE VIEW open_orders AS SELECT id FROM orders", ["view open_orders added"]),
    "business data": ("INSERT INTO orders VALUES (1, 2, 3)", []),
}


@pytest.mark.parametrize(("statement", "said"), BY_HAND.values(), ids=BY_HAND)
def test_what_was_changed_by_hand_is_named(address: Address, statement: str, said: list[str]) -> None:
    databases.sql(address, *TABLES, *CURRENCY)
    record = recorded(address)
    assert found(address, record) == []
    databases.sql(address, statement)
    assert found(address, record) == said


@pytest.mark.parametrize("dialect", [Dialect.MARIADB, Dialect.POSTGRESQL], ids=str, indirect=True)
def test_types_defaults_and_what_hangs_on_tables_are_part_of_it(address: Address) -> None:
    is_mysql = address.dialect.is_mysql
    databases.sql(address, *TABLES, *CURRENCY, "CREATE INDEX i_status ON orders (status)")
    record = recorded(address)
    longer = "MODIFY amount BIGINT" if is_mysql else "ALTER COLUMN amount TYPE BIGINT"
    drop = "DROP INDEX i_status ON orders" if is_mysql else "DROP INDEX i_status"
    databases.sql(
        address,
        f"ALTER TABLE orders {longer}",
        "ALTER TABLE orders ALTER COLUMN status SET DEFAULT 4",
        "ALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0)",
        drop,
    )
    assert found(address, record) == [
        "column orders.amount changed",
        "column orders.status changed",
        "constraint orders.positive added",
        "index orders.i_status missing",
    ]


def test_reference_data_without_a_key_or_with_too_many_rows_is_compared_as_far_as_it_goes(address: Address) -> None:
    databases.sql(
        address,
        "CREATE TABLE colours (name VARCHAR(10))",
        "INSERT INTO colours VALUES ('red'), ('red'), ('blue')",
        "CREATE TABLE big (id INTEGER PRIMARY KEY)",
        f"INSERT INTO big VALUES {', '.join(f'({n})' for n in range(2001))}",
    )
    record = recorded(address, ("colours", "big", "no_such_table"))
    assert record.parts["rows", "big", ""] == "not compared: more than 2000 rows"
    databases.sql(address, "DELETE FROM big WHERE id = 7", "INSERT INTO colours VALUES ('red')")
    told = found(address, record)
    assert told[0] == "rows big missing", "it is small enough now, but nobody knows its rows of then"
    assert [one for one in told[1:] if "big" in one] == []
    assert len(told) == 2
    assert "red" in told[1]


def test_clickhouse_is_compared_too() -> None:
    with databases.clickhouse() as address:
        databases.sql(
            address,
            "CREATE TABLE facts (id UInt64, name String) ENGINE = MergeTree ORDER BY id",
            "CREATE TABLE unit (code String) ENGINE = MergeTree ORDER BY code",
            "INSERT INTO unit VALUES ('kg')",
        )
        record = recorded(address, ("unit",))
        assert found(address, record) == []
        databases.sql(address, "ALTER TABLE facts ADD COLUMN note String", "INSERT INTO unit VALUES ('lb')")
        assert found(address, record) == ["column facts.note added", "row unit ('lb',) added"]


# --- from one upgrade to the next -------------------------------------------------------------------------------------


@pytest.fixture
def site(upgrade: Upgrade) -> Upgrade:
    """A site that an upgrade here has brought to 2.16.5."""
    upgrade.sql(*TABLES, *CURRENCY)
    first = step("enghub.SqlScripts", "first", sql_scripts=["a.sql"])
    second = step("enghub.SqlScripts", "second", sql_scripts=["b.sql"], rollback_scripts=["c.sql"])
    upgrade.upload(
        baseline("2.16.5", upgrade_steps={"startup_pre_process": [first]}, reference_data=["currency"]),
        {"a.sql": "ALTER TABLE orders ADD COLUMN note TEXT"},
    )
    upgrade.upload(
        baseline("2.16.6", upgrade_steps={"startup_pre_process": [second]}),
        {"b.sql": "CREATE TABLE made (id INTEGER); INSERT INTO missing VALUES (1)", "c.sql": "DROP TABLE made"},
    )
    upgrade.site()
    assert planned(upgrade, "2.16.4", "2.16.5")["state"] == "unrecorded"
    assert upgrade.work(upgrade.started("2.16.5")) == "SUCCEEDED"
    return upgrade


def planned(hub: Upgrade, source: str = "2.16.5", target: str = "2.16.6", **options: Any) -> dict[str, Any]:
    body = {"upgradeBeforeVersion": source, "upgradeAfterVersion": target, "siteId": "EU", "environment": "test"}
    status, answer = hub.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", body, **options)
    assert status == 200, answer
    drift: dict[str, Any] = answer["data"]["drift"]
    return drift


def good(hub: Upgrade) -> None:
    second = step("enghub.SqlScripts", "second", sql_scripts=["b.sql"])
    hub.upload(baseline("2.16.6", upgrade_steps={"startup_pre_process": [second]}), {"b.sql": "SELECT 1"})


BY_HAND_AT_A_SITE = (
    "ALTER TABLE orders ADD COLUMN hack TEXT",
    "CREATE INDEX i_hack ON orders (status)",
    "UPDATE currency SET digits = 9 WHERE code = 'EUR'",
)


def test_a_plan_shows_what_was_changed_by_hand_and_execute_refuses_it(site: Upgrade) -> None:
    assert planned(site)["state"] == "same"
    site.sql(*BY_HAND_AT_A_SITE)
    drift = planned(site)
    assert (drift["state"], drift["version"], drift["count"]) == ("different", "2.16.5", 3)
    assert [one["said"] for one in drift["differences"]] == [
        "row currency code=EUR changed",
        "column orders.hack added",
        "index orders.i_hack added",
    ]
    assert drift["differences"][1]["now"] == "TEXT NULL"
    status, answer = site.execute("2.16.6", "2.16.5")
    assert (status, answer["details"]["error"]) == (422, "DRIFTED")
    assert "column orders.hack added" in answer["message"]
    assert drift["digest"] in answer["message"]
    chinese = planned(site, headers={"Accept-Language": "zh"})
    assert chinese["differences"][1]["said"] == "列 orders.hack 新增"


def test_a_named_acceptance_of_what_was_seen_passes_and_stands_in_the_report(site: Upgrade) -> None:
    good(site)
    site.sql(*BY_HAND_AT_A_SITE)
    seen = {"digest": planned(site)["digest"], "reason": "hot fix of the plant, agreed with ada"}
    site.sql("DROP INDEX i_hack")
    status, answer = site.execute("2.16.6", "2.16.5", body={"driftAcceptance": seen})
    assert (status, answer["details"]["error"]) == (422, "OTHER_DRIFT"), "it has changed since it was looked at"
    seen["digest"] = planned(site)["digest"]
    execution_id = site.started("2.16.6", "2.16.5", driftAcceptance=seen)
    assert site.work(execution_id) == "SUCCEEDED"
    accepted = site.report(execution_id)["driftAcceptance"]
    said = ["row currency code=EUR changed", "column orders.hack added"]
    assert accepted == {"userId": "emp-001", **seen, "differences": said}
    site.upload(baseline("2.16.7"))
    assert planned(site, "2.16.6", "2.16.7")["state"] == "same", "the next record has what was accepted"


def test_what_a_failed_upgrade_did_is_no_drift(site: Upgrade) -> None:
    assert site.work(site.started("2.16.6", "2.16.5")) == "FAILED"
    assert planned(site)["state"] == "between versions"
    good(site)
    assert site.execute("2.16.6", "2.16.5")[0] == 202


def test_a_rollback_is_held_against_the_record(site: Upgrade) -> None:
    execution_id = site.started("2.16.6", "2.16.5")
    assert site.work(execution_id) == "FAILED"
    site.sql("CREATE TABLE left_behind (id INTEGER)")
    assert site.roll_back(execution_id)[0] == 202
    assert site.work_back(execution_id) == "ROLLED_BACK"
    assert [one["said"] for one in planned(site)["differences"]] == ["table left_behind added"]


def test_a_database_that_cannot_be_read_needs_a_name_too(site: Upgrade) -> None:
    good(site)
    site.database.write_bytes(b"this is no database, and it is long enough to be looked at" * 20)
    drift = planned(site)
    assert (drift["state"], drift["count"]) == ("unreadable", 0)
    assert "not a database" in drift["reason"]
    assert site.execute("2.16.6", "2.16.5")[1]["details"]["error"] == "NOT_COMPARED"
    seen = {"digest": drift["digest"], "reason": "the disk is being replaced, we know"}
    assert site.execute("2.16.6", "2.16.5", body={"driftAcceptance": seen})[0] == 202


@pytest.mark.parametrize(
    ("acceptance", "field"),
    [
        ({"digest": "0123456789ab", "reason": "short"}, "driftAcceptance.reason"),
        ({"digest": "XYZ", "reason": "a reason that is long enough"}, "driftAcceptance.digest"),
    ],
)
def test_an_acceptance_that_says_nothing_is_refused(upgrade: Upgrade, acceptance: Any, field: str) -> None:
    status, answer = upgrade.execute("2.16.6", "2.16.5", body={"driftAcceptance": acceptance})
    assert (status, answer["details"]["field"]) == (400, field)


def test_a_rollout_leaves_a_drifted_site_out_and_says_why(site: Upgrade, fleet_of: Fleet) -> None:
    good(site)
    site.sql(*BY_HAND_AT_A_SITE)
    fleet_of.start(siteIds=["EU"], upgradeAfterVersion="2.16.6", maxFailureRate=1)
    fleet_of.drive()
    row = fleet_of.seen["siteProgress"][0]
    assert row["status"] == "FAILED"
    assert "column orders.hack added" in row["reason"]


def test_a_record_of_many_tables_is_stored_in_pieces_and_as_a_whole(site: Upgrade) -> None:
    from enghub.upgrade.drift import dynamo  # noqa: PLC0415 - patched below
    from enghub.upgrade.drift.wiring import drifts  # noqa: PLC0415

    record = drifts().records.get("acme", "EU", "2.16.5")
    assert record is not None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dynamo, "PIECE_BYTES", 100)
        assert drifts().records.put(record)
        assert len(items("SITE_SHAPE")) > 1
        assert drifts().records.get("acme", "EU", "2.16.5") == record
        patched.setattr(dynamo, "MOST_PIECES", 1)
        assert not drifts().records.put(record)


def test_a_site_that_was_never_upgraded_here_is_not_even_connected_to(upgrade: Upgrade) -> None:
    upgrade.site()
    upgrade.upload(baseline("2.16.5"))
    upgrade.database = upgrade.database.with_name("nowhere")
    assert planned(upgrade, "2.16.4", "2.16.5")["state"] == "unrecorded"
    assert not sa.inspect(sa.create_engine(f"sqlite:///{upgrade.database.with_name('site.db')}")).get_table_names()
