"""What each step promises beyond surviving a kill: what it refuses, leaves alone, says (UPG-15 to UPG-18)."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from enghub.core.i18n import Text
from enghub.upgrade.gateways.caches import RedisCache
from enghub.upgrade.gateways.databases.session import Address
from enghub.upgrade.sql.dialect import Dialect
from enghub.upgrade.steps.async_migration import AsyncMigration, Load, _ease
from enghub.upgrade.steps.base import Budget, SliceState, StepFailed
from enghub.upgrade.steps.ports import Ports
from enghub.upgrade.steps.registry import step_class
from tests import databases
from tests.contract.upgrade.test_caches import REDIS
from tests.functional.upgrade.steps import matrix, scenarios
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios import BACKUP, ROWS, business


@pytest.fixture
def place(address: Address, tmp_path: Path) -> Place:
    found = Place(tmp_path, address)
    business(found)
    return found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Place]:
    """SQLite alone, for what does not depend on the database."""
    with databases.database(Dialect.SQLITE, tmp_path) as address:
        found = Place(tmp_path, address)
        business(found)
        yield found


class Failing:
    """A port that fails at its n-th write."""

    def __init__(self, port: Any, at: Sequence[int], failure: StepFailed) -> None:
        self._port, self._at, self._failure, self.writes = port, at, failure, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def write(self, path: str, data: Any) -> None:
        self.writes += 1
        if self.writes in self._at:
            raise self._failure
        self._port.write(path, data)


def run(place: Place, name: str, parameters: Mapping[str, Any], **changes: Any) -> Any:
    return matrix.run(place, name, parameters, **changes)


# --- backup and restore -----------------------------------------------------------------------------------------------

AWAY = StepFailed(Text("The store does not answer", "存储无响应"), retryable=True)
FULL = StepFailed(Text("The store is full", "存储已满"))


def test_a_backup_is_tried_three_times(small: Place) -> None:
    store = Failing(small.artifacts, (2, 5), AWAY)
    run(small, "enghub.Backup", {"backup": BACKUP}, ports=Ports(artifacts=store, files=small.files))
    assert small.artifacts.info("backups/EU/01EXECUTION/2.16.5/step/manifest.json") is not None


@pytest.mark.parametrize(("failure", "tries"), [(AWAY, 3), (FULL, 1)])
def test_a_backup_that_is_given_up_leaves_nothing_that_looks_whole(
    small: Place, failure: StepFailed, tries: int
) -> None:
    store = Failing(small.artifacts, range(3, 99), failure)
    with pytest.raises(StepFailed, match=f"given up after {tries} tries: .*Nothing of it is kept") as raised:
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
    with pytest.raises(StepFailed, match="keyless has no primary key"):
        run(small, "enghub.Backup", {"backup": {"tables": ["keyless"], "consistency": "chunks"}}, step_id="other")


def test_a_damaged_chunk_is_found_before_the_live_table_is_touched(place: Place) -> None:
    run(place, "enghub.Backup", {"backup": BACKUP})
    chunk = next(info.path for info in place.artifacts.list("backups") if "/orders/" in info.path)
    place.artifacts.write(chunk, place.artifacts.read(chunk)[:-1] + b"x")
    place.execute("UPDATE orders SET state = 'live'")
    with pytest.raises(StepFailed, match=r"is damaged: .* does not have its checksum"):
        run(place, "enghub.RestoreBackup", {})
    assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'live'") == [(ROWS,)]


def test_an_unfinished_or_altered_backup_is_no_backup(small: Place) -> None:
    with pytest.raises(StepFailed, match="no complete backup of execution 01EXECUTION"):
        run(small, "enghub.RestoreBackup", {})
    run(small, "enghub.Backup", {"backup": BACKUP})
    name = "backups/EU/01EXECUTION/2.16.5/step/manifest.json"
    small.artifacts.write(name, small.artifacts.read(name).replace(b'"rows":5', b'"rows":4', 1))
    with pytest.raises(StepFailed, match="no complete backup"):
        run(small, "enghub.RestoreBackup", {})


def test_a_restore_after_a_restore_notices_what_changed_between_them(place: Place) -> None:
    run(place, "enghub.Backup", {"backup": BACKUP}, step_id="backup")
    for _ in range(2):
        place.execute("UPDATE orders SET state = 'bad'")
        run(place, "enghub.RestoreBackup", {})
        assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'bad'") == [(0,)]


# --- rebuild ----------------------------------------------------------------------------------------------------------


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
    run(place, "enghub.TableRebuild", scenarios.rebuild(place.dialect), point=meanwhile)
    assert place.rows("SELECT state FROM orders WHERE id IN (1, 2) OR state = 'ADDED' ORDER BY state") == [
        ("ADDED",),
        ("LATE",),
    ]
    assert place.rows("SELECT COUNT(*) FROM orders") == [(ROWS,)]


def test_a_rebuild_that_does_not_agree_leaves_the_live_table(place: Place) -> None:
    parameters = scenarios.rebuild(place.dialect)
    parameters["rebuilds"][0]["sums"] = {"id": "cents"}
    with pytest.raises(StepFailed, match="the sum of id is 66 in the live table and 6875 in the new one"):
        run(place, "enghub.TableRebuild", parameters)
    assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 's0'")[0][0] > 0
    matrix.run(place, "enghub.TableRebuild", parameters, way="rollback")
    assert [name for (name, *_) in _tables(place) if "new" in name] == []


def test_a_rebuild_that_dropped_the_old_table_says_that_there_is_no_way_back(place: Place) -> None:
    parameters = scenarios.rebuild(place.dialect)
    parameters["rebuilds"][0]["keep_old"] = False
    run(place, "enghub.TableRebuild", parameters)
    with pytest.raises(StepFailed, match="restore its backup instead"):
        matrix.run(place, "enghub.TableRebuild", parameters, way="rollback")


def _tables(place: Place) -> list[tuple[str]]:
    schema = {Dialect.MARIADB: "DATABASE()", Dialect.POSTGRESQL: "'public'"}.get(place.dialect)
    if schema is None:
        return place.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return place.rows(f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}")


# --- configuration ----------------------------------------------------------------------------------------------------


def test_a_file_that_would_be_malformed_changes_none(small: Place) -> None:
    scenarios.configured_before(small)
    parameters = {"config_files": ["conf/app.properties", "conf/bad.json"]}
    with pytest.raises(StepFailed, match=r"conf/bad\.json would not be well-formed json"):
        run(
            small,
            "enghub.ConfigFiles",
            parameters,
            scripts={"conf/app.properties": "name=new\n", "conf/bad.json": "{"},
        )
    assert small.files.read("conf/app.properties") == b"name=old\nport=1\n"


def test_a_file_that_cannot_be_written_puts_the_others_back(small: Place) -> None:
    scripts = {"conf/app.properties": "name=new\n", "conf/b.json": "{}"}
    files = Failing(small.files, (5,), FULL)  # history of the first: 2, the first: 1, history of the second: 1
    with pytest.raises(StepFailed, match="The store is full"):
        run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, scripts=scripts, ports=Ports(files=files))
    assert small.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert small.files.info("conf/b.json") is None


def test_a_file_that_somebody_changed_since_is_left_alone(small: Place) -> None:
    scripts = {"conf/app.properties": "name=new\n"}
    run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, scripts=scripts)
    small.files.write("conf/app.properties", b"name=by hand\n")
    with pytest.raises(StepFailed, match="changed by somebody else"):
        matrix.run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, way="rollback")
    assert small.files.read("conf/app.properties") == b"name=by hand\n"


def test_a_site_whose_files_nothing_reaches_fails_the_step(small: Place) -> None:
    scripts = {"conf/app.properties": "name=new\n"}
    with pytest.raises(StepFailed, match="No file store and no `config` hook is configured"):
        run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, scripts=scripts, ports=Ports())


def test_a_template_that_is_nowhere_says_where_it_was_looked_for(small: Place) -> None:
    with pytest.raises(StepFailed, match=r"nor the artifact store config/2\.16\.5/x\.xml"):
        run(small, "enghub.ConfigFiles", {"config_files": ["x.xml"]})


# --- services, resources, caches --------------------------------------------------------------------------------------


def test_a_service_that_stays_down_is_named_with_its_restarts(small: Place, tmp_path: Path) -> None:
    place = replace(small, hooks=scenarios.Services(tmp_path))
    parameters = {"services": [{"name": "ft-report", "attempts": 1}]}
    with pytest.raises(StepFailed, match=r"ft-report \(down, restarted 1 times\)") as failure:
        run(place, "enghub.ServiceCheck", parameters)
    assert failure.value.result["ready"] is False
    assert failure.value.result["services"][0]["version"] == "2.16.4"


HEALTH = {"name": "api", "url": "http://site.example/health", "expected_text": "UP", "service": "ft-manager"}


def test_a_failing_health_check_restarts_its_service_and_looks_again(small: Place, tmp_path: Path) -> None:
    place = replace(small, hooks=scenarios.Services(tmp_path))
    found = run(place, "enghub.HealthChecks", {"health_checks": [HEALTH, {**HEALTH, "name": "page"}]})
    assert found.result["restarts"] == {"ft-manager": 2}
    assert all(outcome["healthy"] for outcome in found.result["health_checks"])


def test_a_service_that_restarts_do_not_heal_fails_the_step_that_people_are_told_of(
    small: Place, tmp_path: Path
) -> None:
    place = replace(small, hooks=scenarios.Services(tmp_path))
    with pytest.raises(StepFailed, match="Not healthy: api") as failure:
        run(place, "enghub.HealthChecks", {"health_checks": [{**HEALTH, "attempts": 1}]})
    assert failure.value.result["restarts"] == {"ft-manager": 1}


def test_a_package_that_is_not_the_declared_one_is_not_opened(small: Place) -> None:
    small.artifacts.write("packages/static.zip", scenarios.package({"a": b"other"}))
    with pytest.raises(StepFailed, match="is not the one declared"):
        run(small, "enghub.ResourceImport", scenarios.RESOURCES)
    assert list(small.files.list("static")) == []


def test_a_cache_that_lost_entries_keeps_the_old_generation_in_force(small: Place) -> None:
    cache = small.cache("orders")
    cache.put("old", {"order:1": b"old"}, None)
    cache.activate("old")

    def lose(name: str) -> None:
        if name == "batch recorded":
            for generation in cache.generations():
                if generation != "old":
                    cache.clear(generation)

    with pytest.raises(StepFailed, match="holds 0 entries instead of 11") as failure:
        run(small, "enghub.CacheRebuild", scenarios.CACHES, point=lose)
    assert failure.value.retryable
    assert (cache.active(), cache.generations()) == ("old", ("old",))
    run(small, "enghub.CacheRebuild", scenarios.CACHES)
    scenarios.cached(small)


def test_redis_is_filled_at_more_than_1000_entries_a_second(tmp_path: Path) -> None:
    name = f"enghub-test-{uuid4().hex[:12]}"
    with databases.database(Dialect.MARIADB, tmp_path) as address:
        place = Place(tmp_path, address)
        place.execute("CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(40))")
        place.execute("INSERT INTO users SELECT seq, CONCAT('user ', seq) FROM seq_1_to_20000")
        parameters = {"caches": [{"name": name, "table": "users", "key": "user:{id}"}]}
        started = time.monotonic()
        ports = Ports(cache=lambda cache: RedisCache(cache, REDIS))
        result = run(place, "enghub.CacheRebuild", parameters, ports=ports, budget=Budget.of(60, 90)).result["caches"][
            0
        ]
        seconds = time.monotonic() - started
    redis = Redis.from_url(REDIS)
    try:
        assert result["entries"] == 20_000
        assert 20_000 / seconds > 1000
        assert redis.get(f"{name}:{result['generation']}:user:7") == b'{"id":7,"name":"user 7"}'
    finally:
        for key in redis.scan_iter(f"{name}:*", count=5000):
            redis.delete(key)
        redis.close()


# --- indexes, load, logs ----------------------------------------------------------------------------------------------


def test_an_index_that_cannot_be_made_puts_the_others_back(place: Place) -> None:
    parameters = {
        "indexes": [
            {"action": "drop", "table": "orders", "name": "i_state"},
            {"table": "orders", "name": "i_unique", "columns": ["state"], "unique": True},
        ]
    }
    with pytest.raises(StepFailed, match="Index i_unique on orders"):
        run(place, "enghub.IndexOptimisation", parameters)
    assert scenarios._indexes(place) == {"i_state"}


def test_the_effect_of_indexes_is_measured(place: Place) -> None:
    result = run(place, "enghub.IndexOptimisation", scenarios.INDEXES).result
    query = result["queries"][0]
    assert query["beforeMs"] > 0
    assert query["afterMs"] > 0
    assert query["planBefore"]
    assert result["sizesBefore"].keys() == result["sizesAfter"].keys()


def test_a_busy_database_is_left_alone_and_looked_at_again(place: Place) -> None:
    place.execute(
        "CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))", "CREATE TABLE busy (n INTEGER)"
    )
    place.execute("INSERT INTO busy VALUES (9)")
    load = {"sql": "SELECT MAX(n) FROM busy", "limit": 5, "pause_seconds": 33}
    parameters = {**scenarios.ASYNCHRONOUS, "load": load}
    step = step_class("enghub.AsynchronousMigration")()
    ended = step.run(place.context(parameters), {})
    assert (ended.state, ended.wait_seconds, ended.cursor["paused"]) == (SliceState.MORE, 33, 9)
    assert place.rows("SELECT COUNT(*) FROM amounts") == [(0,)]
    place.execute("UPDATE busy SET n = 1")
    run(place, "enghub.AsynchronousMigration", parameters)
    scenarios.copied(place)


def test_the_servers_own_figures_tell_the_load(place: Place) -> None:
    place.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))")
    run(place, "enghub.AsynchronousMigration", {**scenarios.ASYNCHRONOUS, "load": {"limit": 1000}})
    scenarios.copied(place)


def test_a_load_probe_that_writes_is_refused(small: Place) -> None:
    parameters = {**scenarios.ASYNCHRONOUS, "load": {"sql": "DELETE FROM orders"}}
    with pytest.raises(StepFailed, match="it may write"):
        run(small, "enghub.AsynchronousMigration", parameters)


def test_one_slow_batch_does_not_decide_the_batch_size_and_load_eases_it() -> None:
    rules = {"name": "m", "source": "a", "target": "b", "mapping": {"id": "id"}, "batch_seconds": 1.0}
    migration = AsyncMigration.model_validate(rules)
    assert migration.next_batch(1000, 0.5) == 1200
    assert migration.next_batch(1000, 2.0) == 1200  # the average is still above 1
    assert migration.next_batch(1000, 2.0) == 1040
    assert migration.next_batch(1000, 2.0) == 824
    assert [_ease(busy, Load(limit=10)) for busy in (None, 7, 8.5, 10)] == [1.0, 1.0, pytest.approx(0.625), 0.25]


def test_a_log_that_cannot_be_removed_is_passed_over_and_named(small: Place) -> None:
    scenarios.logged(small)

    class Stuck:
        def __getattr__(self, name: str) -> Any:
            return getattr(small.files, name)

        def delete(self, path: str) -> None:
            if path.endswith("a.log"):
                raise FULL
            small.files.delete(path)

    ports = Ports(files=Stuck(), artifacts=small.artifacts)
    result = run(small, "enghub.LogCleanup", scenarios.LOGS, ports=ports).result
    assert result["failed"] == [{"file": "logs/access/a.log", "reason": "The store is full"}]
    assert (result["removed"], result["archived"]) == (2, 2)
    assert small.files.info("logs/access/a.log") is not None


def test_logs_of_the_last_seven_days_are_never_touched() -> None:
    found = step_class("enghub.LogCleanup")().validate({"log_cleanup": [{"folder": "logs", "keep_days": 6}]})
    assert found == ("log_cleanup.0.keep_days: Input should be greater than or equal to 7",)


def test_the_journal_is_never_released(small: Place) -> None:
    with pytest.raises(StepFailed, match="a table of this software"):
        run(small, "enghub.ResourceRelease", {"temporary": {"tables": ["enghub_upgrade_statement"]}})
    assert step_class("enghub.ResourceRelease")().validate({"temporary": {"paths": [".enghub/history"]}})


def test_a_composite_does_its_phases_work_in_order_and_takes_it_back_in_reverse(small: Place) -> None:
    scenarios.packaged(small)
    parameters = {**scenarios.RESOURCES, **scenarios.CACHES, **scenarios.INDEXES}
    name = "com.ft.upgrade.steps.StartupPostProcessStep"
    result = run(small, name, parameters).result
    assert list(result) == ["resources", "caches", "indexes"]
    matrix.run(small, name, parameters, way="rollback")
    scenarios.cold(small)
    scenarios.indexed_as_before(small)
    assert small.files.read("static/pages/index.html") == b"<h1>old</h1>"
