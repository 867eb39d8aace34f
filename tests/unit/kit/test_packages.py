"""A resource package is not trusted (UPG-17)."""

import hashlib
import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.files.packages import Entry, Limits, Package
from enghub.kit.work.errors import WorkFailed

LIMITS = Limits(entries=5, total_bytes=4 << 20, entry_bytes=3 << 20, ratio=50)


def content_of(found: Package, entry: Entry) -> bytes:
    with found.open(entry) as file:
        return file.read()


def package(*files: tuple[str | zipfile.ZipInfo, bytes]) -> Package:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    stream.seek(0)
    return Package("x.zip", stream, LIMITS)


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "C:/x",
        "a\\..\\x",
        "a/./b",
        "a//b",
        ".enghub/history/x",
        "a\nb",
        ".ENGHUB/x",
        ".EngHub",
        ".enghub./x",
        ".enghub /x",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    info = zipfile.ZipInfo("ok")
    info.filename = name
    with pytest.raises(WorkFailed, match="refused"):
        package((info, b"x"))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([(link("a"), b"/etc/passwd")], "link"),
        ([(f"f{n}", b"x") for n in range(6)], "more than 5 entries"),
        ([("a", bytes(3 << 20)), ("b", bytes(2 << 20))], "unpacks to more"),
        ([("a", bytes((3 << 20) + 1))], "larger than"),
        ([("bomb", bytes(2 << 20))], "50 times"),
        ([("A.txt", b"x"), ("a.TXT", b"y")], "stands twice"),
        ([("caf\u00e9", b"x"), ("cafe\u0301", b"y")], "stands twice"),
        ([("\u212bngstrom", b"x"), ("\u00e5NGSTROM", b"y")], "stands twice"),
        ([("a", b"x"), ("a.", b"y")], "stands twice"),
        ([("a", b"x"), ("a/b", b"y")], "'a' is a file, and a folder of 'a/b'"),
        ([("A/b/c", b"x"), ("a/B", b"y")], "'a/b' is a file, and a folder of 'a/b/c'"),
        ([("a", b"x"), ("SHA256SUMS", b"")], "differ: a"),
        ([("SHA256SUMS", hashlib.sha256(b"x").hexdigest().encode() + b"  gone")], "differ: gone"),
    ],
)
def test_what_is_wrong_is_named(files: list[tuple[str, bytes]], why: str) -> None:
    with pytest.raises(WorkFailed, match=why):
        package(*files)


def test_content_is_compared_with_the_packages_own_checksums() -> None:
    sums = f"{hashlib.sha256(b'other').hexdigest()}  a\n".encode()
    found = package(("a", b"content"), ("SHA256SUMS", sums))
    with pytest.raises(WorkFailed, match="a does not have its checksum"):
        content_of(found, found.entries[0])


def test_what_is_no_zip_is_refused() -> None:
    with pytest.raises(WorkFailed, match="is no zip file"):
        Package("x.zip", io.BytesIO(b"PK but not really"), LIMITS)


@given(st.binary(max_size=300), st.integers(0, 299), st.integers(1, 255))
def test_a_damaged_package_is_refused_or_its_content_is_right(content: bytes, at: int, change: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHA256SUMS", f"{hashlib.sha256(content).hexdigest()}  a\n")
        archive.writestr("a", content)
    data = bytearray(stream.getvalue())
    data[at % len(data)] ^= change
    try:
        found = Package("x.zip", io.BytesIO(bytes(data)), LIMITS)
        contents = [content_of(found, entry) for entry in found.entries if entry.sha256]
    except WorkFailed:
        return
    assert contents in ([content], [])
