"""Opens a resource package without trusting it: names, kinds, sizes and checksums are looked at first (UPG-17)."""

import hashlib
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from enghub.core.i18n import Text
from enghub.kit.files.store import clean_path, is_own, on_disk
from enghub.kit.work.errors import WorkFailed

REFUSED = Text(
    "The package {package} is refused: {why}. Nothing was imported", "资源包 {package} 被拒绝：{why}。未导入任何内容"
)
_PART: Final = 1 << 20
_IN_MEMORY: Final = 8 << 20
_CHECKSUM_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")
CHECKSUMS: Final = "SHA256SUMS"
_PROGRAMS: Final = frozenset(
    {"exe", "dll", "so", "dylib", "bat", "cmd", "scr", "msi", "ps1", "vbs", "sh", "jar", "war", "ear", "class"}
    | {"deb", "rpm", "apk"}
)
_PROGRAM_MARKS: Final = tuple(
    map(bytes.fromhex, ("7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe"))
)
"""ELF, Mach-O, Java."""
_DAMAGE: Final = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, zlib.error, struct.error)
"""What reading a zip file raises when its bytes are not what they should be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a package may hold."""

    entries: int
    total_bytes: int
    entry_bytes: int
    ratio: int
    """Of unpacked to packed size, for an entry above 1 MB."""
    types: frozenset[str] = frozenset()
    """Endings of the files it may hold, in lower case and without the dot; empty for all."""
    programs: bool = False
    """It may hold what a machine can execute."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package."""

    name: str
    size_bytes: int
    sha256: str | None
    """As the package's own SHA256SUMS says."""


class Package:
    """A zip file that passed every check on its list of contents."""

    def __init__(self, name: str, stream: BinaryIO, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(stream)
            self.entries = self._checked()
        except _DAMAGE as error:
            raise self._refused("it is no zip file, or a damaged one") from error

    @contextmanager
    def open(self, entry: Entry) -> Iterator[BinaryIO]:
        """Unpack a file into a temporary one (in memory while it is small), checked before it is handed out.

        Raises:
            WorkFailed: it is longer than its header says, or does not have its checksum.
        """
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
            file = cast("BinaryIO", spooled)
            for part in self._parts(entry):
                file.write(part)
            file.seek(0)
            yield file

    def _parts(self, entry: Entry) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(entry.name) as packed:
                while part := packed.read(_PART):
                    if size == 0 and not self._limits.programs and _is_program(part):
                        raise self._refused(f"{entry.name} is a program or a script")
                    digest.update(part)
                    size += len(part)
                    if size > entry.size_bytes:
                        raise self._refused(f"{entry.name} is larger than it says")
                    yield part
        except _DAMAGE as error:
            raise self._refused(f"{entry.name} is damaged") from error
        if entry.sha256 is not None and digest.hexdigest() != entry.sha256:
            raise self._refused(f"{entry.name} does not have its checksum")

    def _checked(self) -> tuple[Entry, ...]:
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(self._zip.infolist()) > self._limits.entries:
            raise self._refused(f"it has more than {self._limits.entries} entries")
        if sum(info.file_size for info in infos) > self._limits.total_bytes:
            raise self._refused(f"it unpacks to more than {self._limits.total_bytes} bytes")
        self._refuse_names()
        sums = self._sums(infos)
        return tuple(
            Entry(info.filename, info.file_size, sums.get(info.filename))
            for info in infos
            if info.filename != CHECKSUMS
        )

    def _refuse_names(self) -> None:
        seen: dict[str, bool] = {}
        for info in self._zip.infolist():
            if why := self._wrong(info):
                raise self._refused(f"{info.filename[:100]!r} {why}")
            name = on_disk(info.filename.rstrip("/"))
            if name in seen:
                raise self._refused(f"{info.filename[:100]!r} stands twice")
            seen[name] = info.is_dir()
        for name in seen:
            for parent in map(str, PurePosixPath(name).parents):
                if seen.get(parent) is False:
                    raise self._refused(f"{parent[:100]!r} is a file, and a folder of {name[:100]!r}")

    def _wrong(self, info: zipfile.ZipInfo) -> str | None:
        try:
            clean_path(info.filename.rstrip("/"))
        except WorkFailed:
            return "is no plain relative path"
        limits, kind = self._limits, stat.S_IFMT(info.external_attr >> 16)
        packed = max(1, info.compress_size)
        reasons = {
            "is in a folder of this software": is_own(info.filename),
            "is of a type that is not allowed": self._forbids(info),
            "is a link or a device": kind not in (0, stat.S_IFREG, stat.S_IFDIR),
            "is encrypted": bool(info.flag_bits & 1),
            f"is larger than {limits.entry_bytes} bytes": info.file_size > limits.entry_bytes,
            f"unpacks to more than {limits.ratio} times its size": info.file_size > max(_PART, packed * limits.ratio),
        }
        return next((why for why, wrong in reasons.items() if wrong), None)

    def _forbids(self, info: zipfile.ZipInfo) -> bool:
        if info.is_dir() or info.filename == CHECKSUMS:
            return False
        ending = PurePosixPath(info.filename).suffix[1:].lower()
        if self._limits.types and ending not in self._limits.types:
            return True
        return ending in _PROGRAMS and not self._limits.programs

    def _sums(self, infos: list[zipfile.ZipInfo]) -> dict[str, str]:
        """Read the package's own list of checksums, which must then name every file."""
        own = next((info for info in infos if info.filename == CHECKSUMS), None)
        if own is None:
            return {}
        lines = self._zip.read(own).decode("utf-8", "replace").splitlines()
        sums = dict(_pairs(lines))
        missing = sorted({info.filename for info in infos} - sums.keys() - {CHECKSUMS})
        absent = sorted(sums.keys() - {info.filename for info in infos})
        if missing or absent:
            raise self._refused(f"{CHECKSUMS} and contents differ: {', '.join([*missing, *absent][:5])}")
        return sums

    def _refused(self, why: str) -> WorkFailed:
        return WorkFailed(REFUSED, package=self._name, why=why)


def _is_program(head: bytes) -> bool:
    """Tell by its first bytes whether a file can be executed: ELF, Mach-O, Java class, PE, or a script with `#!`."""
    if head.startswith(_PROGRAM_MARKS):
        return True
    if head.startswith(b"MZ") and len(head) >= 64:
        place = int.from_bytes(head[60:64], "little")
        return head[place : place + 4] == b"PE\0\0"
    return head.startswith(b"#!") and head[2:3] in (b"/", b" ")


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if found := _CHECKSUM_LINE.fullmatch(line.strip()):
            yield found[2], found[1]


def sha256_of(stream: BinaryIO) -> str:
    """Return the checksum of a whole file, and go back to its start."""
    digest = hashlib.sha256()
    while part := stream.read(_PART):
        digest.update(part)
    stream.seek(0)
    return digest.hexdigest()
