"""Kill a step at every point, resume it: what is left equals what an undisturbed run leaves (UPG-08, issue 3)."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.steps.registry import known_classes, step_class
from tests import databases
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios import SCENARIOS
from tests.functional.upgrade.steps.scenarios.scenario import Scenario
from tests.functional.upgrade.steps.scenarios.upkeep import Services

LOG = logging.getLogger(__name__)


@pytest.fixture(autouse=True)
def _no_flushing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A killed process loses nothing it wrote; flushing guards against power cuts, and costs most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def connected(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(sa.Engine, "connect", connected)
    yield
    event.remove(sa.Engine, "connect", connected)


SAMPLE = {Dialect.SQLITE: 16, Dialect.MARIADB: 8, Dialect.POSTGRESQL: 8}
"""Points per scenario; all of them with --campaign."""


class Bench:
    """Fresh places for one scenario, each in the same state. SQLite's are copies; servers' are made each time."""

    def __init__(self, scenario: Scenario, dialect: Dialect, folder: Path) -> None:
        self._scenario, self._dialect, self._folder = scenario, dialect, folder
        self._model: Place | None = None
        self._count = 0

    @contextmanager
    def place(self) -> Iterator[Place]:
        self._count += 1
        folder = self._folder / str(self._count)
        if self._dialect is not Dialect.SQLITE:
            folder.mkdir()
            with databases.database(self._dialect, folder) as address:
                yield self._prepared(Place(folder, address))
            return
        if self._model is None:
            model = self._folder / "model"
            model.mkdir()
            address = Address(Dialect.SQLITE, sa.URL.create("sqlite+pysqlite", database=str(model / "business.db")))
            self._model = self._prepared(Place(model, address))
        shutil.copytree(self._model.folder, folder)
        copy = Address(Dialect.SQLITE, self._model.address.url.set(database=str(folder / "business.db")))
        yield Place(folder, copy, hooks=Services(folder))
        shutil.rmtree(folder)

    def _prepared(self, place: Place) -> Place:
        self._scenario.before(place)
        return replace(place, hooks=Services(place.folder))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every scenario on SQLite, and on the servers where they matter; everywhere with --campaign."""
    if "name" in metafunc.fixturenames:
        full = metafunc.config.getoption("--campaign")
        cases = [
            (name, dialect)
            for name, scenario in SCENARIOS.items()
            for dialect in databases.DIALECTS
            if full or scenario.on_servers or dialect is Dialect.SQLITE
        ]
        metafunc.parametrize(("name", "dialect"), cases, ids=lambda value: str(value).replace(" ", "-"))


def test_a_step_killed_at_any_point_ends_as_if_nothing_had_happened(
    name: str, dialect: Dialect, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    scenario = SCENARIOS[name]
    bench = Bench(scenario, dialect, tmp_path)
    with bench.place() as place:
        passed = matrix.counted(lambda point: scenario.work(place, point))
        expected = matrix.contents(place)
        scenario.after(place)
    every = pytestconfig.getoption("--campaign")
    points = list(range(1, len(passed) + 1)) if every else matrix.spread(passed, SAMPLE[dialect])
    LOG.info("%s on %s: %d kills", name, dialect, len(points))
    for number in points:
        with bench.place() as place:
            assert matrix.killed_at(number, partial(scenario.work, place))
            scenario.work(place)
            assert matrix.contents(place) == expected, f"killed at {number} of {len(passed)}: {passed[number - 1]}"


def test_a_write_can_be_killed_before_it_in_its_middle_and_between_it_and_its_record(tmp_path: Path) -> None:
    """MariaDB commits a change of structure at once; its record, and where counters stand, are a later commit."""
    scenario = SCENARIOS["scripts"]
    with Bench(scenario, Dialect.MARIADB, tmp_path).place() as place:
        passed = matrix.counted(lambda point: scenario.work(place, point))
    begun = passed[passed.index("intent") :]
    points = [name for name in begun[: begun.index("journalled")] if name != "before commit"]
    write = ["before write", "after write"]
    assert points == ["intent", *write, "effect", *write, *write]
    assert begun[begun.index("effect") :].index("before commit") < begun[begun.index("effect") :].index("journalled")


def test_every_step_that_changes_something_is_in_the_matrix() -> None:
    """Stop and start of the business system change nothing that a test could look at: their hooks are told by key."""
    own = {name for name in known_classes() if name.startswith("enghub.")}
    changing = {name for name in own if getattr(step_class(name), "writes", True)}
    assert changing - {"enghub.StopService", "enghub.StartService"} <= {one.class_name for one in SCENARIOS.values()}
