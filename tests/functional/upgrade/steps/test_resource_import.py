"""Resource packages: what is refused, what is tried again, and what is put back (UPG-17)."""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.hooks import Answer
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.steps.resource_import import ResourceImport
from tests.functional.upgrade.steps.doubles import AWAY, Failing
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import stores

PACKAGE = stores.RESOURCES["resource_packages"][0]
SUM = PACKAGE["sha256"]
SCAN = {"scanner": "clamav 1.4", "scanned_at": "2026-11-20T10:00:00Z", "sha256": SUM, "result": "clean"}


def resources(**changes: Any) -> dict[str, Any]:
    return {"resource_packages": [{**PACKAGE, **changes}]}


def test_a_package_that_is_not_the_declared_one_is_not_opened(small: Place) -> None:
    small.artifacts.write("packages/static.zip", stores.package({"a": b"other"}))
    with pytest.raises(WorkFailed, match="is not the one declared"):
        run(small, "enghub.ResourceImport", stores.RESOURCES)
    assert list(small.files.list("static")) == []


def test_a_package_for_another_version_is_refused(small: Place) -> None:
    stores.packaged(small)
    with pytest.raises(WorkFailed, match=r"is for version 2\.16\.4, this step upgrades to 2\.16\.5"):
        run(small, "enghub.ResourceImport", resources(version="2.16.4"))
    assert small.files.read("static/pages/index.html") == b"<h1>old</h1>"


@pytest.mark.parametrize(("failures", "arrives"), [((1, 2), True), ((1, 2, 3), False)])
def test_an_import_is_tried_three_times(small: Place, failures: tuple[int, ...], arrives: bool) -> None:
    stores.packaged(small)
    ports = Ports(artifacts=Failing(small.artifacts, failures, AWAY, "open"), files=small.files)
    if arrives:
        run(small, "enghub.ResourceImport", resources(), ports=ports)
        stores.imported(small)
        return
    with pytest.raises(WorkFailed, match="given up after 3 tries: The store does not answer") as failure:
        run(small, "enghub.ResourceImport", resources(), ports=ports)
    assert not failure.value.retryable


def test_a_file_that_is_damaged_on_its_way_is_unpacked_again(small: Place) -> None:
    stores.packaged(small)
    damaged: list[str] = []

    def damage(point: str) -> None:
        if point == "file moved" and not damaged:
            damaged.append(point)
            small.files.write("static/images/a.png", b"half")

    run(small, "enghub.ResourceImport", resources(), point=damage)
    assert damaged
    stores.imported(small)
    run(small, "enghub.ResourceImport", resources(), way="rollback")
    assert small.files.read("static/pages/index.html") == b"<h1>old</h1>"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("run.exe", b"anything", "of a type that is not allowed"),
        ("images/a.png", b"\x7fELF\x02\x01", "is a program or a script"),
        ("a.txt", b"MZ" + bytes(58) + b"\x40\0\0\0" + b"PE\0\0", "is a program or a script"),
        ("a.txt", b"#!/bin/sh\nrm -rf /\n", "is a program or a script"),
    ],
)
def test_programs_are_refused_by_their_ending_and_by_their_content(
    small: Place, name: str, content: bytes, why: str
) -> None:
    packed = stores.package({"ok.html": b"<p>", name: content})
    small.artifacts.write("packages/static.zip", packed)
    changes = {"sha256": hashlib.sha256(packed).hexdigest()}
    with pytest.raises(WorkFailed, match=f"{why}.*Nothing was imported"):
        run(small, "enghub.ResourceImport", resources(**changes))
    assert [info.path for info in small.files.list("static")] == []
    run(small, "enghub.ResourceImport", resources(**changes, programs=True))
    assert small.files.read(f"static/{name}") == content


def test_only_declared_types_are_imported(small: Place) -> None:
    stores.packaged(small)
    with pytest.raises(WorkFailed, match=r"'pages/index\.html' is of a type that is not allowed"):
        run(small, "enghub.ResourceImport", resources(types=["png"]))
    run(small, "enghub.ResourceImport", resources(types=["png", "html"]))
    stores.imported(small)


def test_the_report_says_by_whom_a_package_was_scanned(small: Place) -> None:
    stores.packaged(small)
    lines: list[tuple[str, str]] = []
    found = run(small, "enghub.ResourceImport", resources(scan=SCAN), log=lambda *line: lines.append(line))
    assert found.result["packages"][0]["scan"] == "clamav 1.4, 2026-11-20T10:00:00Z"
    assert "warning" not in dict(lines)
    again = run(small, "enghub.ResourceImport", resources(scan=SCAN), step_id="other")
    assert again.result["packages"][0]["scan"] == "clamav 1.4, 2026-11-20T10:00:00Z"
    run(small, "enghub.ResourceImport", resources(), step_id="third", log=lambda *line: lines.append(line))
    assert ("warning", "package packages/static.zip is imported without a declared security scan") in lines


def test_a_scan_of_another_package_is_refused_when_the_manifest_is_uploaded() -> None:
    found = ResourceImport().validate(resources(scan={**SCAN, "sha256": "0" * 64}))
    assert [str(one) for one in found] == ["resource_packages.0: scan.sha256 is not the package's: scan this package"]


@dataclass
class Scanner:
    """A site whose scan hook answers these results, one after the other, the last for ever."""

    results: list[str]

    def url(self, name: str) -> str | None:
        return "http://site.example/scan" if name == "scan" else None

    def call(self, *_: Any, **__: Any) -> Answer:
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        return Answer(200, json.dumps({"result": result}), 1)


def test_the_sites_scanner_is_waited_for_and_obeyed(small: Place) -> None:
    stores.packaged(small)
    with pytest.raises(WorkFailed, match="refused by the security scan: Eicar-Test"):
        run(replace(small, hooks=Scanner(["pending", "Eicar-Test"])), "enghub.ResourceImport", resources(scan="hook"))
    assert small.files.read("static/pages/index.html") == b"<h1>old</h1>"
    found = run(replace(small, hooks=Scanner(["clean"])), "enghub.ResourceImport", resources(scan="hook"))
    assert found.result["packages"][0]["scan"] == "the site's scan hook"
    with pytest.raises(WorkFailed, match="No `scan` hook is configured"):
        run(small, "enghub.ResourceImport", resources(scan="hook"), step_id="other")
