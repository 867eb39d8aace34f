"""A first upgrade by commands: packages of a folder, secrets by their form (cases N4, N6, N8)."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from enghub_cli.commands import upgrade_own
from enghub_cli.commands.upgrade import running
from enghub_cli.errors import Stop
from enghub_cli.options import Kind
from tests.factories.upgrade import baseline, step


class Hub:
    """Answers of the hub by path; what was asked is kept."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        del method, key
        self.asked.append((path, body))
        return self.answers[path.strip("/").split("/")[0]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for version in ("1.10.0", "1.9.0"):
        steps = [step("enghub.SqlScripts", "s", sql_scripts=["sql/a.sql"])]
        document = baseline(version, upgrade_steps={"startup_pre_process": steps})
        (tmp_path / f"{version}.json").write_text(json.dumps(document))
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "a.sql").write_bytes(b"SELECT 1;\r\n")
    return tmp_path


def test_a_folder_is_pushed_in_the_order_of_versions_with_its_scripts_as_they_are(folder: Path, capsys: Any) -> None:
    hub: Any = Hub(manifests={"latestRevision": 3, "activeRevision": 2, "isActive": True, "checksum": "a" * 64})
    upgrade_own.push(hub, folder)
    upgrade_own.push(hub, folder, activate=False)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1.9.0.json: 1.9.0 revision 2 in force, checksum aaaaaaaaaaaa"
    assert said[2] == "1.9.0.json: 1.9.0 revision 3 stored, in force: 2"
    del hub.asked[2:]
    assert [body["manifest"]["version"] for _, body in hub.asked] == ["1.9.0", "1.10.0"]
    assert hub.asked[0][1]["scripts"] == {"sql/a.sql": "SELECT 1;\r\n"}


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="has no manifest"):
        upgrade_own.push(Hub(), tmp_path)  # type: ignore[arg-type]
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(Stop, match="is no manifest"):
        upgrade_own.validate(Hub(), tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mysql://root:pw@h/d", "is no JSON"),
        ("[]", "is no JSON object"),
        ('{"url": "jdbc:mysql://root:pw@h/d"}', "write"),
        ('{"url": "postgresql://root:pw@h/d"}', "declared as mariadb"),
        ('{"host": "h", "port": "x", "database": "d"}', "write"),
    ],
)
def test_a_secret_that_no_database_takes_is_refused_before_anything_is_stored(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "secret.json"
    file.write_text(text)
    hub: Any = Hub()
    with pytest.raises(Stop, match=said) as refused:
        upgrade_own.add(hub, "shop", Kind.MARIADB, "1.0.0", secret=file)
    assert "pw" not in str(refused.value)
    assert hub.asked == []


def test_what_a_site_runs_is_where_an_upgrade_begins() -> None:
    hub: Any = Hub(sites={"version": "1.0.0"})
    assert running(hub, "shop", "1.1.0", None) == "1.0.0"
    assert running(hub, "shop", "1.1.0", "0.9.0") == "0.9.0"
    with pytest.raises(typer.Exit) as done:
        running(hub, "shop", "1.0.0", None)
    assert done.value.exit_code == 0
    with pytest.raises(Stop, match="Nobody has said"):
        running(Hub(sites={"version": None}), "shop", "1.1.0", None)  # type: ignore[arg-type]
