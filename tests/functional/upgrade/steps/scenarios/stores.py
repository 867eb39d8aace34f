"""Configuration files, resource packages, caches."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping

from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios.scenario import ROWS, Scenario, business

TEMPLATES = {"conf/app.properties": "name=${name}\nport=${port}\nliteral=$${kept}\nsecret=${password}\n"}
CONFIG = {
    "config_files": [
        {"path": "conf/app.properties", "secrets": {"password": "db"}, "values": {"port": 8080}},
        {"path": "conf/log.xml", "in_place": True},
        {"path": "conf/new.json", "template": "new.json", "opening": "{{"},
    ],
    "config_values": {"name": "shop", "level": "INFO"},
}


def configured_before(place: Place) -> None:
    place.files.write("conf/app.properties", b"name=old\nport=1\n")
    place.files.write("conf/log.xml", b"<log level='${level}' site='${site_id}'/>")
    place.artifacts.write("config/2.16.5/new.json", b'{"version": "{{version}}", "name": "{{name}}"}')


def configured(place: Place) -> None:
    written = "name=shop\nport=8080\nliteral=${kept}\nsecret=secret of db\n"
    assert place.files.read("conf/app.properties").decode() == written
    assert place.files.read("conf/log.xml") == b"<log level='INFO' site='EU'/>"
    assert json.loads(place.files.read("conf/new.json")) == {"version": "2.16.5", "name": "shop"}
    assert len([info for info in place.files.list(".enghub/history") if info.path.endswith(".json")]) == 3


def configured_already(place: Place) -> None:
    configured_before(place)
    matrix.run(place, "enghub.ConfigFiles", CONFIG, scripts=TEMPLATES)


def configured_as_before(place: Place) -> None:
    assert place.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert place.files.info("conf/new.json") is None


FILES = {"images/a.png": b"\x89PNG" * 50, "pages/index.html": b"<h1>new</h1>", "pages/help.html": b"<h1>help</h1>"}


def package(files: Mapping[str, bytes]) -> bytes:
    """A zip with its SHA256SUMS; the same bytes for the same files."""
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, "SHA256SUMS": sums.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


RESOURCES = {
    "resource_packages": [
        {
            "package": "packages/static.zip",
            "sha256": hashlib.sha256(package(FILES)).hexdigest(),
            "target": "static",
            "version": "2.16.5",
        }
    ]
}


def packaged(place: Place) -> None:
    place.artifacts.write("packages/static.zip", package(FILES))
    place.files.write("static/pages/index.html", b"<h1>old</h1>")
    place.files.write("static/pages/other.html", b"<h1>other</h1>")


def imported(place: Place) -> None:
    for name, content in FILES.items():
        assert place.files.read(f"static/{name}") == content


def imported_already(place: Place) -> None:
    packaged(place)
    matrix.run(place, "enghub.ResourceImport", RESOURCES)


def not_imported(place: Place) -> None:
    assert [info.path for info in place.files.list("")] == ["static/pages/index.html", "static/pages/other.html"]
    assert place.files.read("static/pages/index.html") == b"<h1>old</h1>"


CACHES = {
    "caches": [{"name": "orders", "table": "orders", "key": "order:{id}", "columns": ["id", "state"], "batch_size": 4}]
}


def cached_before(place: Place) -> None:
    business(place)
    place.cache("orders").put("old", {"order:1": b"old"}, None)
    place.cache("orders").activate("old")


def cached(place: Place) -> None:
    cache = place.cache("orders")
    generation = cache.active() or ""
    assert cache.generations() == (generation,)
    assert cache.count(generation) == ROWS
    assert json.loads(cache.get(generation, ["order:3"])[0] or b"") == {"id": 3, "state": "s0"}


def cached_already(place: Place) -> None:
    cached_before(place)
    matrix.run(place, "enghub.CacheRebuild", CACHES)


def cold(place: Place) -> None:
    assert place.cache("orders").active() is None
    assert place.cache("orders").generations() == ()


SCENARIOS: dict[str, Scenario] = {
    "configuration": Scenario(
        "enghub.ConfigFiles", CONFIG, configured_before, configured, changes={"scripts": TEMPLATES}, on_servers=False
    ),
    "configuration undone": Scenario(
        "enghub.ConfigFiles", CONFIG, configured_already, configured_as_before, "rollback", on_servers=False
    ),
    "resources": Scenario("enghub.ResourceImport", RESOURCES, packaged, imported, on_servers=False),
    "resources undone": Scenario(
        "enghub.ResourceImport", RESOURCES, imported_already, not_imported, "rollback", on_servers=False
    ),
    "caches": Scenario("enghub.CacheRebuild", CACHES, cached_before, cached, on_servers=False),
    "caches undone": Scenario("enghub.CacheRebuild", CACHES, cached_already, cold, "rollback", on_servers=False),
}
