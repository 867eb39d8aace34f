"""Public histories are read from clones in the order in which sites ran them, and compared in full."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from enghub.kit.sql.dialect import Dialect
from tools.histories import History, histories
from tools.snapshots import Snapshot, differences, unsteady


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    for name, text in {
        "base.sql": "old",
        "up/1_10__c.sql": "c",
        "up/1_9__b.sql": "b {{x}}",
        "up/1_9_1__b.sql": "",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "1"], ["tag", "v1"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    (folder / "base.sql").write_text("new")
    subprocess.run(["git", "-C", str(folder), *author, "commit", "-qam", "2"], check=True)
    return folder / ".git"


def history(*files: str) -> History:
    return History("h", Dialect.MARIADB, "https://example.com/h", "HEAD", files, ((r"\{\{x\}\}", "y"),))


def test_files_come_in_the_order_of_their_versions(clone: Path, tmp_path: Path) -> None:
    written = history("v1::base.sql", r"up/.*\.sql").write(clone, tmp_path)
    assert [file.read_text() for file in written] == ["old", "b y", "", "c"]
    assert written == sorted(written)


def test_a_pattern_that_finds_nothing_is_said(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"h: no file of HEAD is like none\.sql"):
        history("none.sql").write(clone, tmp_path)


def test_the_list_names_whole_commits_of_at_least_eleven_histories() -> None:
    known = histories()
    assert len(known) >= 11
    assert len({one.repository for one in known.values()}) >= 5
    assert {one.dialect for one in known.values()} == {Dialect.MARIADB, Dialect.POSTGRESQL}
    assert all(len(one.commit) == 40 for one in known.values())


def snapshot(*rows: tuple[str, str], routines: tuple[str, ...] = ()) -> Snapshot:
    return Snapshot({"routines": Counter(routines)}, {"t": [{"id": key, "at": at} for key, at in rows]})


def test_what_differs_between_two_runs_of_the_client_is_put_aside() -> None:
    client = snapshot(("1", "10:00"), ("2", "10:00"))
    aside = unsteady(client, snapshot(("1", "10:01"), ("2", "10:01")))
    assert aside == {("t", "at")}
    assert differences(client, snapshot(("1", "10:02"), ("2", "10:02")), aside) == []


@pytest.mark.parametrize(
    "ours",
    [
        snapshot(("1", "a")),
        snapshot(("1", "a"), ("3", "a")),
        snapshot(("1", "a"), ("1", "a"), ("2", "a")),
        snapshot(("1", "a"), ("2", "a"), routines=("p STRICT_ALL_TABLES",)),
    ],
    ids=["a row less", "another key", "a row twice", "another sql_mode"],
)
def test_everything_else_is_a_difference(ours: Snapshot) -> None:
    assert differences(
        snapshot(("1", "a"), ("2", "a"), routines=("p",) * bool(ours.catalog["routines"])), ours, frozenset()
    )
