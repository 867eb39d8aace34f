"""Configuration files: all or none, and put back (UPG-15, UPG-16)."""

import pytest

from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.ports import Ports
from tests.functional.upgrade.steps.doubles import FULL, Failing
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import stores


def test_a_file_that_would_be_malformed_changes_none(small: Place) -> None:
    stores.configured_before(small)
    parameters = {"config_files": ["conf/app.properties", "conf/bad.json"]}
    with pytest.raises(WorkFailed, match=r"conf/bad\.json would not be well-formed json"):
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
    with pytest.raises(WorkFailed, match="The store is full"):
        run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, scripts=scripts, ports=Ports(files=files))
    assert small.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert small.files.info("conf/b.json") is None


def test_a_file_that_somebody_changed_since_is_left_alone(small: Place) -> None:
    scripts = {"conf/app.properties": "name=new\n"}
    run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, scripts=scripts)
    small.files.write("conf/app.properties", b"name=by hand\n")
    with pytest.raises(WorkFailed, match="changed by somebody else"):
        run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, way="rollback")
    assert small.files.read("conf/app.properties") == b"name=by hand\n"


def test_a_site_whose_files_nothing_reaches_fails_the_step(small: Place) -> None:
    scripts = {"conf/app.properties": "name=new\n"}
    with pytest.raises(WorkFailed, match="No file store and no `config` hook is configured"):
        run(small, "enghub.ConfigFiles", {"config_files": list(scripts)}, scripts=scripts, ports=Ports())


def test_a_template_that_is_nowhere_says_where_it_was_looked_for(small: Place) -> None:
    with pytest.raises(WorkFailed, match=r"nor the artifact store config/2\.16\.5/x\.xml"):
        run(small, "enghub.ConfigFiles", {"config_files": ["x.xml"]})
