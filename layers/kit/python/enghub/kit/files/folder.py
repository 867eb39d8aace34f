"""Files in a local folder: for the embedded mode and mounted file systems (UPG-15, UPG-17)."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from enghub.core.i18n import Text
from enghub.core.ids import new_id
from enghub.kit.files.store import BAD_PATH, DENIED, PART_BYTES, UNAVAILABLE, FileInfo, FileMissing, clean_path
from enghub.kit.work.errors import WorkFailed

FULL = Text(
    "{store} is full ({free} bytes free): make room, then resume. Nothing half-written was kept of {path}",
    "{store} 空间不足（剩余 {free} 字节）：请释放空间后继续。{path} 未留下不完整的内容",
)
LINKED = Text("a part of it is a link", "其中一部分是链接")
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ACCESS: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_OWN: Final = ".enghub-"


class LocalFiles:
    """A folder. Links are never followed, so nothing outside it can be reached."""

    def __init__(self, root: Path, name: str = "The folder") -> None:
        self._root = root
        self._name = name

    def info(self, path: str) -> FileInfo | None:
        """See `Files.info`."""
        with self._errors(path):
            place = self._place(path)
            return self._info(place) if place.is_file() else None

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        with self.open(path) as file:
            return file.read()

    def open(self, path: str) -> BinaryIO:
        """See `Files.open`."""
        with self._errors(path):
            place = self._place(path)
            if not place.is_file():
                raise FileMissing(path)
            return place.open("rb")

    def write(self, path: str, data: bytes | BinaryIO) -> None:
        """Write beside the file, flush to the disk, then rename over it; the file keeps its mode."""
        with self._errors(path):
            place = self._place(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            prefix = _OWN + hashlib.sha256(place.name.encode()).hexdigest()[:12]
            for left in place.parent.glob(f"{prefix}-*.tmp"):  # of a writer that died
                left.unlink(missing_ok=True)
            draft = place.parent / f"{prefix}-{new_id()}.tmp"
            try:
                self._fill(draft, data)
                if place.exists():
                    shutil.copymode(place, draft)
                draft.replace(place)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            _flush_folder(place.parent)

    def delete(self, path: str) -> None:
        """Remove the file, and the folders it leaves empty."""
        with self._errors(path):
            place = self._place(path)
            place.unlink(missing_ok=True)
            self._remove_empty(place.parent)

    def move(self, path: str, target: str) -> None:
        """See `Files.move`."""
        with self._errors(path):
            place, other = self._place(path), self._place(target)
            if not place.is_file():
                return
            other.parent.mkdir(parents=True, exist_ok=True)
            place.replace(other)
            _flush_folder(other.parent)
            self._remove_empty(place.parent)

    def list(self, folder: str) -> Iterator[FileInfo]:
        """See `Files.list`; links and drafts are left out."""
        with self._errors(folder):
            top = self._place(folder) if folder else self._root
            if not top.is_dir():
                return
            found = sorted(place for place in top.rglob("*") if place.is_file() and not place.is_symlink())
            infos = [self._info(place) for place in found if not _is_draft(place)]
        yield from infos

    def _place(self, path: str) -> Path:
        place = self._root
        for part in clean_path(path):
            place = place / part
            if place.is_symlink():
                raise WorkFailed(BAD_PATH, path=path, why=LINKED)
        return place

    def _info(self, place: Path) -> FileInfo:
        facts = place.stat()
        at = datetime.fromtimestamp(facts.st_mtime, UTC)
        return FileInfo(place.relative_to(self._root).as_posix(), facts.st_size, at)

    def _fill(self, draft: Path, data: bytes | BinaryIO) -> None:
        with draft.open("xb") as file:
            if isinstance(data, bytes):
                file.write(data)
            else:
                shutil.copyfileobj(data, file, PART_BYTES)
            file.flush()
            os.fsync(file.fileno())

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._root and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "error")
            if error.errno in _NO_SPACE:
                free = shutil.disk_usage(self._root).free if self._root.is_dir() else 0
                raise WorkFailed(FULL, store=self._name, path=path, free=free) from error
            text, again = (DENIED, False) if error.errno in _NO_ACCESS else (UNAVAILABLE, True)
            raise WorkFailed(text, retryable=again, store=self._name, path=path, error=name) from error


def _is_draft(place: Path) -> bool:
    return place.name.startswith(_OWN) and place.name.endswith(".tmp")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
