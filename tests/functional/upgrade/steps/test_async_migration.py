"""Asynchronous migration: it gives way to the load (UPG-18)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from enghub.kit.databases.session import DatabaseSessions
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import SliceState
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.steps.async_migration import AsyncMigration, Load, _ease
from enghub.upgrade.steps.registry import step_class
from tests.functional.upgrade.steps.doubles import AWAY
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import rows


def test_a_busy_database_is_left_alone_and_looked_at_again(place: Place) -> None:
    place.execute(
        "CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))", "CREATE TABLE busy (n INTEGER)"
    )
    place.execute("INSERT INTO busy VALUES (9)")
    load = {"sql": "SELECT MAX(n) FROM busy", "limit": 5, "pause_seconds": 33}
    parameters = {**rows.ASYNCHRONOUS, "load": load}
    step = step_class("enghub.AsynchronousMigration")()
    ended = step.run(place.context(parameters), {})
    assert (ended.state, ended.wait_seconds, ended.cursor["paused"]) == (SliceState.MORE, 33, 9)
    assert place.rows("SELECT COUNT(*) FROM amounts") == [(0,)]
    place.execute("UPDATE busy SET n = 1")
    run(place, "enghub.AsynchronousMigration", parameters)
    rows.copied(place)


def test_the_servers_own_figures_tell_the_load(place: Place) -> None:
    place.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))")
    run(place, "enghub.AsynchronousMigration", {**rows.ASYNCHRONOUS, "load": {"limit": 1000}})
    rows.copied(place)


def test_a_load_probe_that_writes_is_refused(small: Place) -> None:
    parameters = {**rows.ASYNCHRONOUS, "load": {"sql": "DELETE FROM orders"}}
    with pytest.raises(WorkFailed, match="it may write"):
        run(small, "enghub.AsynchronousMigration", parameters)


def test_one_slow_batch_does_not_decide_the_batch_size_and_load_eases_it() -> None:
    rules = {"name": "m", "source": "a", "target": "b", "mapping": {"id": "id"}, "batch_seconds": 1.0}
    migration = AsyncMigration.model_validate(rules)
    assert migration.next_batch(1000, 0.5) == 1200
    assert migration.next_batch(1000, 2.0) == 1200  # the average is still above 1
    assert migration.next_batch(1000, 2.0) == 1040
    assert migration.next_batch(1000, 2.0) == 824
    assert [_ease(busy, Load(limit=10)) for busy in (None, 7, 8.5, 10)] == [1.0, 1.0, pytest.approx(0.625), 0.25]


class Refusing:
    """A database that refuses its writer some times, for a reason that passes."""

    def __init__(self, databases: DatabaseSessions, times: int) -> None:
        self._databases, self._times, self.asked = databases, times, 0
        self.reader = databases.reader

    @contextmanager
    def writer(self, budget: Any) -> Iterator[Any]:
        self.asked += 1
        if self.asked <= self._times:
            raise AWAY
        with self._databases.writer(budget) as session:
            yield session


@pytest.mark.parametrize(("times", "arrives"), [(2, True), (3, False)])
def test_a_migration_that_fails_is_tried_three_times(small: Place, times: int, arrives: bool) -> None:
    rows.with_total(small)
    small.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))")
    databases = Refusing(databases_of(small.address, 1), times)
    if arrives:
        run(small, "enghub.AsynchronousMigration", rows.ASYNCHRONOUS, databases=databases)
        rows.copied(small)
        return
    with pytest.raises(WorkFailed, match="given up after 3 tries: The store does not answer") as failure:
        run(small, "enghub.AsynchronousMigration", rows.ASYNCHRONOUS, databases=databases)
    assert (failure.value.retryable, databases.asked) == (False, 3)
