"""Runs one step at a place (a database, files, artifacts, a cache), and kills the process that does at any point.

Points are not picked by hand: every point a step names, every change of a file, of an artifact and of the cache (before
and after), every statement that writes (before and after, so also before its record), and every commit.
"""

import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from enghub.kit.databases.session import Address
from enghub.kit.files.folder import LocalFiles
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget, Slice, SliceState
from enghub.upgrade.gateways.databases.journal import METADATA, OWN_TABLES
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.stepping.step import Facts, StepContext
from enghub.upgrade.steps.registry import step_class
from tests.fakes.upgrade_cache import FolderCache

Point = Callable[[str], None]
WRITES = (
    *("INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE", "COPY"),
    *("CREATE", "ALTER", "DROP", "RENAME", "REINDEX", "ANALYZE", "OPTIMIZE"),
)
CHANGES = frozenset({"write", "delete", "move", "put", "activate", "clear"})


def nothing(_: str) -> None:
    """No point."""


class Watched:
    """A port that tells of every change, before and after."""

    def __init__(self, port: Any, name: str, point: Point) -> None:
        self._port, self._name, self._point = port, name, point

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if method not in CHANGES:
            return found

        def call(*arguments: Any) -> Any:
            self._point(f"before {self._name}.{method}")
            answer = found(*arguments)
            self._point(f"after {self._name}.{method}")
            return answer

        return call


@dataclass(frozen=True)
class Place:
    """Where a step works."""

    folder: Path
    address: Address
    execution_id: str = "01EXECUTION"
    hooks: Any = field(default_factory=lambda: Hooks({}))

    @property
    def dialect(self) -> Dialect:
        return self.address.dialect

    @property
    def files(self) -> LocalFiles:
        return LocalFiles(self._made("site"), "The site's folder")

    @property
    def artifacts(self) -> LocalFiles:
        return LocalFiles(self._made("artifacts"), "The artifact store")

    def cache(self, name: str) -> FolderCache:
        return FolderCache(self._made("caches") / name)

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def context(self, parameters: Mapping[str, Any], point: Point = nothing, **changes: Any) -> StepContext:
        version = changes.pop("version", "2.16.5")
        step_id = changes.pop("step_id", "step")
        scripts = changes.pop("scripts", {})
        ports = Ports(
            artifacts=Watched(self.artifacts, "artifacts", point),
            files=Watched(self.files, "files", point),
            cache=lambda name: Watched(self.cache(name), "cache", point),
            secret=lambda name: f"secret of {name}",
        )
        values: dict[str, Any] = {
            "facts": Facts(
                "acme", self.execution_id, "EU", "test", "2.16.4", "2.16.5", version, step_id, "startup_pre_process"
            ),
            "parameters": parameters,
            "script": scripts.__getitem__,
            "databases": databases_of(self.address, 1),
            "hooks": self.hooks,
            "budget": Budget.of(0, 600),
            "point": point,
            "ports": ports,
        }
        return StepContext(**{**values, **changes})

    def execute(self, *statements: str) -> None:
        engine = sa.create_engine(self.address.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.execution_options(no_parameters=True).exec_driver_sql(statement)
        engine.dispose()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        engine = sa.create_engine(self.address.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(sql)]
        engine.dispose()
        return found


def run(
    place: Place,
    class_name: str,
    parameters: Mapping[str, Any],
    point: Point = nothing,
    way: str = "run",
    **changes: Any,
) -> Slice:
    """Call a step until it is done, in slices as small as they can be; its cursor is stored after each of them."""
    stored = place.folder / "cursor.json"
    for _ in range(10_000):
        cursor = json.loads(stored.read_text()) if stored.exists() else {}
        step = step_class(class_name)()
        assert not step.validate(parameters)
        ended: Slice = getattr(step, way)(place.context(parameters, point, **changes), cursor)
        point("slice ended")
        if ended.state is SliceState.DONE:
            stored.unlink(missing_ok=True)
            return ended
        stored.write_text(json.dumps(dict(ended.cursor)))
    raise AssertionError(f"{class_name} does not end")


@contextmanager
def statements(point: Point) -> Iterator[None]:
    """Name every commit, and every statement that writes, as points."""

    def committing(_: object) -> None:
        point("before commit")

    def executing(_: object, __: object, statement: str, *___: object) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            point("before write")

    def executed(_: object, __: object, statement: str, *___: object) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            point("after write")

    watched: dict[str, Callable[..., None]] = {
        "commit": committing,
        "before_cursor_execute": executing,
        "after_cursor_execute": executed,
    }
    for name, listener in watched.items():
        event.listen(sa.Engine, name, listener)
    try:
        yield
    finally:
        for name, listener in watched.items():
            event.remove(sa.Engine, name, listener)


def counted(work: Callable[[Point], object]) -> list[str]:
    """Do the work, undisturbed; return the points it passed."""
    passed: list[str] = []
    with statements(passed.append):
        work(passed.append)
    return passed


def killed_at(number: int, work: Callable[[Point], object]) -> bool:
    """Do the work in a process of its own that dies (SIGKILL) at the n-th point; False when it ended before that."""
    child = os.fork()
    if child == 0:
        passed = 0

        def point(_: str) -> None:
            nonlocal passed
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)

        code = 1
        try:
            with statements(point):
                work(point)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the worker failed before it was killed"
    return False


def spread(passed: list[str], count: int) -> list[int]:
    """Some places, of different kinds, from the first to the last."""
    chosen = []
    for name in dict.fromkeys(passed):
        places = [index for index, found in enumerate(passed, 1) if found == name]
        chosen.append(places[len(places) // 2])
    step = max(1, -(-len(chosen) // count))
    return sorted({*sorted(chosen)[::step], len(passed)})


def contents(place: Place) -> dict[str, str]:
    """Checksums of what is left: tables with their columns, indexes and rows; tasks; files; artifacts; caches."""
    found = {**_tables(place.address), **_tree(place.folder / "site"), **_tree(place.folder / "artifacts")}
    return {**found, **_tree(place.folder / "caches")}


def _tables(address: Address) -> dict[str, str]:
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    found = {}
    with engine.begin() as connection:
        METADATA.create_all(connection)
        inspector = sa.inspect(connection)
        for name in sorted(set(inspector.get_table_names()) - OWN_TABLES):
            columns = [
                (column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)
            ]
            indexes = sorted((i["name"] or "", tuple(map(str, i["column_names"]))) for i in inspector.get_indexes(name))
            keys = sorted(
                (k["name"] or "", k["referred_table"], tuple(k["constrained_columns"]))
                for k in inspector.get_foreign_keys(name)
            )
            quoted = connection.dialect.identifier_preparer.quote_identifier(name)
            rows = sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {quoted}")))
            found[f"table {name}"] = repr((columns, indexes, keys, len(rows), _sha(repr(rows).encode())))
        found["views"] = repr(sorted(inspector.get_view_names()))
        tasks = connection.exec_driver_sql(
            "SELECT scope, task, state, moved, failed, total FROM enghub_upgrade_checkpoint ORDER BY 1, 2"
        )
        found["tasks"] = repr([tuple(row) for row in tasks])
        journal = connection.exec_driver_sql(
            "SELECT scope, script, ordinal, state FROM enghub_upgrade_statement ORDER BY 1, 2, 3"
        )
        found["statements"] = repr([tuple(row) for row in journal])
    engine.dispose()
    return found


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder.parent)): _sha(_timeless(path.read_bytes()))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _timeless(content: bytes) -> bytes:
    """JSON without what differs from run to run."""
    try:
        data = json.loads(content)
    except ValueError:
        return content

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if not k.endswith("_at") and k != "sha256"}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return json.dumps(strip(data), sort_keys=True).encode()


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
