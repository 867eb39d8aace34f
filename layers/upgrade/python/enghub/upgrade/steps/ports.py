"""What steps use besides the database: files and artifacts, caches, secrets. Sites that have none keep the defaults."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, NoReturn, Protocol

from enghub.core.i18n import Text
from enghub.upgrade.steps.errors import StepFailed

NOT_CONFIGURED = Text(
    "No {what} is configured for this site: add it to the site, then resume", "该局点未配置{what_zh}，请补充后继续"
)
BACKUPS, LOGS, REHEARSALS = "backups", "logs", "rehearsals"
"""Folders of the artifact store that upgrades write themselves."""
BAD_PATH = Text("The path {path} is refused: {why}", "路径 {path} 被拒绝：{why}")


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

    Every method raises StepFailed: retryable when the store does not answer, final when it is full, when access is
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


class Cache(Protocol):
    """A cache whose entries belong to generations; readers follow the active one.

    Every method raises a retryable StepFailed when the cache does not answer.
    """

    def put(self, generation: str, entries: Mapping[str, bytes], ttl_seconds: int | None) -> None:
        """Store entries; storing them again changes nothing."""

    def count(self, generation: str) -> int:
        """Return how many entries a generation has."""

    def get(self, generation: str, keys: Sequence[str]) -> list[bytes | None]:
        """Return the entries of some keys."""

    def active(self) -> str | None:
        """Return the generation that readers use."""

    def activate(self, generation: str | None) -> None:
        """Let readers use a generation, or none."""

    def generations(self) -> tuple[str, ...]:
        """Return every generation that has entries."""

    def clear(self, generation: str) -> None:
        """Remove a generation."""


@dataclass(frozen=True, slots=True)
class NotConfigured:
    """Stands where a site has no store: every use says so."""

    what: str
    what_zh: str

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def refuse(*_: object, **__: object) -> NoReturn:
            raise StepFailed(NOT_CONFIGURED, what=self.what, what_zh=self.what_zh)

        if name.startswith("__"):
            raise AttributeError(name)
        return refuse


def _no_files(what: str, what_zh: str) -> Callable[[], Files]:
    def make() -> Files:
        nothing: Files = NotConfigured(what, what_zh)
        return nothing

    return make


def _no_cache(name: str) -> Cache:
    raise StepFailed(NOT_CONFIGURED, what=f"cache {name}", what_zh=f"缓存 {name}")


def _no_secret(name: str) -> str:
    raise StepFailed(NOT_CONFIGURED, what=f"secret {name}", what_zh=f"密钥 {name}")


@dataclass(frozen=True, slots=True)
class Ports:
    """The stores of one site."""

    artifacts: Files = field(default_factory=_no_files("artifact store", "制品存储"))
    """Packages and backups; rooted at the tenant."""
    files: Files = field(default_factory=_no_files("file store", "文件存储"))
    """The site's own files: configuration, resources, logs."""
    cache: Callable[[str], Cache] = _no_cache
    """A cache by the name that manifests use."""
    secret: Callable[[str], str] = _no_secret
    """A value of the site's secret, by key; never logged, never reported."""


def clean_path(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path.

    Raises:
        StepFailed: it is absolute, climbs, or holds what no file name should.
    """
    parts = tuple(path.split("/"))
    why = None
    if not path or len(path) > 900:
        why = "it is empty or too long"
    elif path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        why = "it is absolute"
    elif "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        why = "it holds a backslash or a control character"
    elif any(part in ("", ".", "..") for part in parts):
        why = "it holds an empty part, . or .."
    if why is not None:
        raise StepFailed(BAD_PATH, path=path[:200], why=why)
    return parts
