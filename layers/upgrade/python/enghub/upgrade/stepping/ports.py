"""What steps use besides the database: files and artifacts, caches, secrets. Sites that have none keep the defaults."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from enghub.core.i18n import Text
from enghub.kit.files.store import Files
from enghub.kit.work.errors import WorkFailed

NOT_CONFIGURED = Text(
    "No {what} is configured for this site: add it to the site, then resume", "该局点未配置{what_zh}，请补充后继续"
)
BACKUPS, LOGS, REHEARSALS = "backups", "logs", "rehearsals"
"""Folders of the artifact store that upgrades write themselves."""


class Cache(Protocol):
    """A cache whose entries belong to generations; readers follow the active one.

    Every method raises a retryable WorkFailed when the cache does not answer.
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
            raise WorkFailed(NOT_CONFIGURED, what=self.what, what_zh=self.what_zh)

        if name.startswith("__"):
            raise AttributeError(name)
        return refuse


def _no_files(what: str, what_zh: str) -> Callable[[], Files]:
    def make() -> Files:
        nothing: Files = NotConfigured(what, what_zh)
        return nothing

    return make


def _no_cache(name: str) -> Cache:
    raise WorkFailed(NOT_CONFIGURED, what=f"cache {name}", what_zh=f"缓存 {name}")


def _no_secret(name: str) -> str:
    raise WorkFailed(NOT_CONFIGURED, what=f"secret {name}", what_zh=f"密钥 {name}")


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
