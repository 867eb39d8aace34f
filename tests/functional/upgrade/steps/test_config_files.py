"""Configuration files by the site's hook: kept before they change, put back in the end (UPG-15)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.hooks import Answer
from enghub.upgrade.stepping.ports import Ports
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place, run

SCRIPTS = {"app.properties": "name=new\n", "b.json": '{"a": 1}'}
FILES = {"config_files": list(SCRIPTS)}


@dataclass
class Site:
    """Files behind a hook; the n-th delivery and all after it are answered with `refuses`."""

    files: dict[str, str] = field(default_factory=lambda: {"app.properties": "name=old\n"})
    refuses: int = 200
    after: int = 99
    puts: int = 0

    def url(self, name: str) -> str | None:
        return "http://site.example/config" if name == "config" else None

    def call(self, what: str, method: str, url: str, *, body: Mapping[str, Any] | None = None, **_: Any) -> Answer:
        del what
        name = url.removeprefix("http://site.example/config/")
        if method == "GET":
            text = self.files.get(name)
            return Answer(404, "", 1) if text is None else Answer(200, json.dumps({"text": text}), 1)
        self.puts += 1
        if self.puts == self.after:
            return Answer(self.refuses, "", 1)
        self.files[name] = (body or {})["text"]
        return Answer(200, "", 1)


def reached(small: Place, site: Site, way: str = "run") -> Any:
    place = replace(small, hooks=site)
    return run(place, "enghub.ConfigFiles", FILES, way=way, scripts=SCRIPTS, ports=Ports(artifacts=small.artifacts))


def test_a_rollback_puts_back_what_the_hook_had_before(small: Place) -> None:
    """The rollback is another step record: it has no cursor and no result of the step it undoes."""
    site = Site()
    assert [file["file"] for file in reached(small, site).result["files"]] == list(SCRIPTS)
    assert site.files == SCRIPTS
    assert reached(small, site, "rollback").result["restored"] == ["app.properties"]
    assert site.files["app.properties"] == "name=old\n"
    assert reached(small, site, "rollback").result["restored"] == [], "twice is harmless"


def test_a_file_that_the_hook_refuses_puts_the_others_back(small: Place) -> None:
    site = Site(refuses=422, after=2)
    with pytest.raises(WorkFailed, match=r"config: .* answered 422.*the files are as before"):
        reached(small, site)
    assert site.files == {"app.properties": "name=old\n"}


def test_a_resumed_delivery_begins_with_the_files_that_were_put_back(small: Place) -> None:
    site = Site(refuses=422, after=2)
    with pytest.raises(WorkFailed, match="answered 422"):
        reached(small, site)
    assert site.files == {"app.properties": "name=old\n"}
    reached(small, site)
    assert site.files == SCRIPTS


def test_a_hook_that_is_busy_is_tried_again(small: Place) -> None:
    site = Site(refuses=503, after=2)
    reached(small, site)
    assert site.files == SCRIPTS


def test_a_file_that_somebody_changed_since_is_left_alone(small: Place) -> None:
    site = Site()
    reached(small, site)
    site.files["app.properties"] = "name=by hand\n"
    with pytest.raises(WorkFailed, match="changed by somebody else"):
        reached(small, site, "rollback")
    assert site.files["app.properties"] == "name=by hand\n"


def test_the_preparation_finds_what_is_wrong_and_leaves_the_running_systems_files_alone(small: Place) -> None:
    name = "com.ft.upgrade.steps.PreUpgradeProcessStep"
    parameters = {"config_files": ["conf/app.properties", {"path": "conf/b.json", "template": "b.json"}]}
    scripts = {"conf/app.properties": "name=${name}\n", "b.json": "{}"}
    small.artifacts.write("config/2.16.5/b.json", b"{}")
    with pytest.raises(WorkFailed, match="the placeholders name have no value"):
        run(small, name, parameters, scripts=scripts)
    result = run(small, name, {**parameters, "config_values": {"name": "new"}}, scripts=scripts).result["preparation"]
    assert result == {"prepared": ["conf/app.properties", "conf/b.json"], "preparedIn": ".enghub/prepared/2.16.5"}
    assert small.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert small.files.read(".enghub/prepared/2.16.5/conf/app.properties") == b"name=new\n"


@pytest.mark.parametrize("way", ["run", "rollback"])
def test_a_delivery_can_be_killed_anywhere(small: Place, way: str) -> None:
    """The hook's files live in this process, so the worker stops by an exception instead of a signal."""

    class Stopped(Exception):
        pass

    def work(place: Place, site: Site, point: Any, way: str = way) -> None:
        ports = Ports(artifacts=matrix.Watched(place.artifacts, "artifacts", point))
        run(replace(place, hooks=site), "enghub.ConfigFiles", FILES, point, way, scripts=SCRIPTS, ports=ports)

    def started(number: int) -> tuple[Place, Site]:
        folder = small.folder / str(number)
        folder.mkdir()
        place, site = replace(small, folder=folder), Site()
        if way == "rollback":
            work(place, site, matrix.nothing, "run")
        return place, site

    place, site = started(0)
    passed: list[str] = []
    work(place, site, passed.append)
    expected = site.files
    assert len(passed) > 4
    for number in range(1, len(passed) + 1):
        place, site = started(number)
        left = [number]

        def point(_: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Stopped

        with pytest.raises(Stopped):
            work(place, site, point)
        work(place, site, matrix.nothing)
        assert site.files == expected, f"stopped at {passed[number - 1]}"
