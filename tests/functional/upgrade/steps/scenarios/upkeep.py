"""Logs, temporary things, services."""

import json
import os
from pathlib import Path
from typing import Any

from enghub.upgrade.stepping.hooks import Answer
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios.scenario import Scenario, nothing_before

LOGS = {
    "log_cleanup": [
        {"folder": "logs/app", "keep_days": 30, "archive": True, "size_threshold_bytes": 5000},
        {"folder": "logs/access", "keep_days": 10},
    ]
}
_AGES = {
    "logs/app/old.log": 40,
    "logs/app/large.log": 8,
    "logs/app/small.log": 8,
    "logs/app/new.log": 1,
    "logs/access/a.log": 11,
    "logs/access/b.log": 9,
    "logs/app/notes.txt": 90,
}


def logged(place: Place) -> None:
    now = place.folder.stat().st_mtime
    for path, days in _AGES.items():
        place.files.write(path, b"line\n" * (2000 if "large" in path else 10))
        when = now - days * 86_400
        os.utime(place.folder / "site" / path, (when, when))


def cleaned(place: Place) -> None:
    left = {info.path for info in place.files.list("logs")}
    assert left == {"logs/app/small.log", "logs/app/new.log", "logs/access/b.log", "logs/app/notes.txt"}
    archived = [info.path for info in place.artifacts.list("logs")]
    assert archived == [f"logs/EU/01EXECUTION/logs/app/{name}.log.gz" for name in ("large", "old")]


TEMPORARY = {"temporary": {"tables": ["scrap", "gone", "scrap2"], "paths": ["tmp/upgrade", "tmp/one.txt"]}}


def with_scraps(place: Place) -> None:
    place.execute(
        "CREATE TABLE scrap (id INTEGER)", "CREATE TABLE scrap2 (id INTEGER)", "CREATE TABLE kept (id INTEGER)"
    )
    for path in ("tmp/upgrade/a", "tmp/upgrade/b/c", "tmp/one.txt", "tmp/kept"):
        place.files.write(path, b"x")


def released(place: Place) -> None:
    assert [info.path for info in place.files.list("")] == ["tmp/kept"]
    place.rows("SELECT * FROM kept")


class Services:
    """A site whose service is well after its second restart; every different key counts once."""

    def __init__(self, folder: Path) -> None:
        self._keys = folder / "site" / "restarts.json"

    def url(self, name: str) -> str:
        return f"http://site.example/{name}"

    def call(self, what: str, method: str, url: str, *, key: str | None = None, **_: Any) -> Answer:
        del what, url
        keys = json.loads(self._keys.read_text()) if self._keys.exists() else []
        if method == "POST" and key not in keys:
            self._keys.parent.mkdir(exist_ok=True)
            self._keys.write_text(json.dumps([*keys, key]))
        body = {"status": "UP" if len(keys) >= 2 else "DOWN", "version": "2.16.4"}
        return Answer(200, json.dumps(body), 1)


HEALTH = {
    "health_checks": [
        {"name": "api", "url": "http://site.example/health", "expected_text": "UP", "service": "ft-manager"}
    ]
}


def restarted_twice(place: Place) -> None:
    assert len(json.loads((place.folder / "site/restarts.json").read_text())) == 2


SCENARIOS: dict[str, Scenario] = {
    "logs": Scenario("enghub.LogCleanup", LOGS, logged, cleaned, on_servers=False),
    "release": Scenario("enghub.ResourceRelease", TEMPORARY, with_scraps, released),
    "health": Scenario("enghub.HealthChecks", HEALTH, nothing_before, restarted_twice, on_servers=False),
    "services": Scenario(
        "enghub.ServiceCheck", {"services": [{"name": "ft-manager"}]}, nothing_before, restarted_twice, on_servers=False
    ),
}
