"""Asynchronous migration: it gives way to the load (UPG-18)."""

import pytest

from enghub.upgrade.steps.async_migration import AsyncMigration, Load, _ease
from enghub.upgrade.steps.base import SliceState, StepFailed
from enghub.upgrade.steps.registry import step_class
from tests.functional.upgrade.steps import scenarios
from tests.functional.upgrade.steps.matrix import Place, run


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
