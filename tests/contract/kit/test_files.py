"""A folder and a bucket behave the same: whole files, no way out of the root."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError

from enghub.core import aws
from enghub.kit.files import folder as gateway
from enghub.kit.files.bucket import BucketFiles
from enghub.kit.files.store import FileMissing, Files
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.ports import NotConfigured

REGION = "eu-central-1"


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path, account: Callable[..., str]) -> Iterator[Files]:
    if request.param == "folder":
        yield gateway.LocalFiles(tmp_path / "root")
        return
    account("upgrade")
    where = {"LocationConstraint": REGION}
    boto3.client("s3", REGION).create_bucket(Bucket="artifacts", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    yield BucketFiles("artifacts", "tenants/acme")


def test_what_is_written_is_read_listed_and_known(files: Files) -> None:
    files.write("a/b.txt", b"one")
    files.write("a/b.txt", BytesIO(b"second"))
    files.write("a/c/d.txt", b"")
    files.write("ab.txt", b"beside")
    assert files.read("a/b.txt") == b"second"
    assert [(info.path, info.size_bytes) for info in files.list("a")] == [("a/b.txt", 6), ("a/c/d.txt", 0)]
    assert [info.path for info in files.list("")] == ["a/b.txt", "a/c/d.txt", "ab.txt"]
    info = files.info("a/b.txt")
    assert info is not None
    assert info.modified_at.tzinfo is not None
    with files.open("a/b.txt") as stream:
        stream.seek(3)
        assert stream.read() == b"ond"


def test_what_is_not_there_is_missing_and_its_removal_is_fine(files: Files) -> None:
    assert files.info("none") is None
    assert list(files.list("none")) == []
    with pytest.raises(FileMissing):
        files.read("none")
    with pytest.raises(FileMissing):
        files.open("none")
    files.delete("none")
    files.move("none", "other")


@pytest.mark.parametrize("files", ["bucket"], indirect=True)
def test_a_refusal_of_what_is_not_there_means_missing(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 answers 403 for a missing object where the grant to list is of a prefix; what is there is refused."""
    files.write("there", b"x")
    files.write("none-of-these", b"x")
    client = aws.client("s3")
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
    for name in ("get_object", "head_object", "download_fileobj", "copy", "put_object"):
        monkeypatch.setattr(client, name, Mock(side_effect=refused))
    assert files.info("none") is None
    files.move("none", "other")
    for look in (files.read, files.open):
        with pytest.raises(FileMissing):
            look("none")
        with pytest.raises(WorkFailed, match="AccessDenied"):
            look("there")
    with pytest.raises(WorkFailed, match="AccessDenied"):
        files.write("none", b"x")
    monkeypatch.setattr(client, "list_objects_v2", Mock(side_effect=refused))
    with pytest.raises(WorkFailed, match="AccessDenied"):
        files.read("none")


def test_a_move_replaces_and_can_be_repeated(files: Files) -> None:
    files.write("new", b"new")
    files.write("live", b"old")
    files.move("new", "live")
    files.move("new", "live")
    assert files.read("live") == b"new"
    assert files.info("new") is None
    files.delete("live")
    assert list(files.list("")) == []


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\\b", "C:/x", "a\x00b", "a/", "x" * 901, "a\nb"]
)
def test_no_path_leaves_the_root(files: Files, path: str) -> None:
    for call in (files.read, files.info, files.delete, lambda p: files.write(p, b"x"), lambda p: files.move(p, "y")):
        with pytest.raises(WorkFailed, match="refused"):
            call(path)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "file").symlink_to(tmp_path / "secret")
    files = gateway.LocalFiles(root)
    for path in ("link/secret", "file"):
        with pytest.raises(WorkFailed, match="link"):
            files.read(path)
        with pytest.raises(WorkFailed, match="link"):
            files.write(path, b"x")
    assert list(files.list("")) == []
    assert (tmp_path / "secret").read_text() == "secret"


def test_a_full_disk_leaves_the_old_content_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = gateway.LocalFiles(tmp_path, "The artifact store")
    files.write("a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WorkFailed, match=r"artifact store is full .* make room, then resume") as failure:
        files.write("a", b"new")
    assert not failure.value.retryable
    assert files.read("a") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_a_killed_writer_left_is_neither_listed_nor_kept(tmp_path: Path) -> None:
    files = gateway.LocalFiles(tmp_path)
    files.write("a", b"old")
    draft = next(iter([tmp_path / f"{gateway._OWN}{_mark('a')}-01OLD.tmp"]))
    draft.write_bytes(b"ne")
    assert [info.path for info in files.list("")] == ["a"]
    files.write("a", b"new")
    assert not draft.exists()


def _mark(name: str) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(name.encode()).hexdigest()[:12]


def test_a_missing_bucket_is_final_and_a_site_without_a_store_says_so(account: Callable[..., str]) -> None:
    account("upgrade")
    with pytest.raises(WorkFailed) as failure:
        BucketFiles("nowhere", "").read("a")
    assert not failure.value.retryable
    with pytest.raises(WorkFailed, match="No artifact store is configured"):
        NotConfigured("artifact store", "制品存储").read("a")
