"""A tree of files or objects under one root, and the paths that may be used in it (UPG-15, UPG-17)."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, Protocol

from enghub.core.i18n import Text
from enghub.kit.work.errors import WorkFailed

BAD_PATH = Text("The path {path} is refused: {why}", "路径 {path} 被拒绝：{why}")
DENIED = Text("{store} refuses access to {path} ({error})", "{store} 拒绝访问 {path}（{error}）")
EMPTY_OR_LONG = Text("it is empty or too long", "路径为空或过长")
ABSOLUTE = Text("it is absolute", "不能为绝对路径")
BAD_LETTER = Text("it holds a backslash or a control character", "包含反斜杠或控制字符")
CLIMBS = Text("it holds an empty part, . or ..", "包含空的部分、. 或 ..")
NOT_OURS = Text("it is in a folder of this software", "位于本系统自用的文件夹中")
UNAVAILABLE = Text("{store} is not available for {path} ({error})", "{store} 暂不可用：{path}（{error}）")
PART_BYTES: Final = 1 << 20
"""What is read or copied at a time."""


OWN_FOLDER: Final = ".enghub"
"""Where this software keeps its own files beside the site's."""


class FileMissing(Exception):
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """A file of a store; the path is relative to the store's root and has forward slashes."""

    path: str
    size_bytes: int
    modified_at: datetime


class Files(Protocol):
    """A tree of files or objects under one root, which no path leaves.

    Every method raises WorkFailed: retryable when the store does not answer, final when it is full, when access is
    denied or when a path would leave the root.
    """

    def info(self, path: str) -> FileInfo | None:
        """Return what is known of a file, None when there is none."""

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileMissing: there is none.
        """

    def open(self, path: str) -> BinaryIO:
        """Open a file to read and seek in it.

        Raises:
            FileMissing: there is none.
        """

    def write(self, path: str, data: bytes | BinaryIO) -> None:
        """Make or replace a file, whole or not at all."""

    def delete(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""

    def move(self, path: str, target: str) -> None:
        """Rename a file, over whatever has the name; nothing happens when it is not there."""

    def list(self, folder: str) -> Iterator[FileInfo]:
        """Yield every file below a folder, by path."""


def clean_path(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path.

    Raises:
        WorkFailed: it is absolute, climbs, or holds what no file name should.
    """
    parts = tuple(path.split("/"))
    why = None
    if not path or len(path) > 900:
        why = EMPTY_OR_LONG
    elif path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        why = ABSOLUTE
    elif "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        why = BAD_LETTER
    elif any(part in ("", ".", "..") for part in parts):
        why = CLIMBS
    if why is not None:
        raise WorkFailed(BAD_PATH, path=path[:200], why=why)
    return parts


def on_disk(path: str) -> str:
    """Return what paths have in common that some file system takes for one: case, composed letters, ends of names."""
    parts = (unicodedata.normalize("NFC", part).casefold().rstrip(". ") for part in path.split("/"))
    return unicodedata.normalize("NFC", "/".join(parts))


def site_path(path: str) -> tuple[str, ...]:
    """Return the parts of a path of the site's own files.

    Raises:
        WorkFailed: as for `clean_path`, or it leads into this software's folder.
    """
    parts = clean_path(path)
    if is_own(path):
        raise WorkFailed(BAD_PATH, path=path[:200], why=NOT_OURS)
    return parts


def is_own(path: str) -> bool:
    """Tell whether a path leads into this software's own folder, however it is spelt."""
    return on_disk(path).partition("/")[0] == OWN_FOLDER
