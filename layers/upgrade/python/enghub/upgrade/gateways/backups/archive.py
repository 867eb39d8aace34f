"""A backup in the artifact store: compressed chunks with checksums, and a manifest that is written last (UPG-15).

Chunks are named by their content, so a worker that was superseded cannot spoil another's. A folder without a manifest
is no backup, whatever else is in it.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enghub.core.i18n import Text
from enghub.kit.databases.lines import RowSum
from enghub.kit.databases.structure import Structure
from enghub.kit.files.store import FileMissing, Files
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.stepping.ports import BACKUPS

DAMAGED = Text(
    "The backup {folder} is damaged: {why}. It cannot be used; take another one",
    "备份 {folder} 已损坏（{why}），请改用其他备份",
)
MANIFEST, PROGRESS = "manifest.json", "progress.json"
_SHA = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Stored(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Chunk(_Stored):
    """Some rows of a table: their object, its checksum, and the count and checksum of the rows."""

    path: str
    sha256: _SHA
    rows: int
    digest: str


class TableBackup(_Stored):
    """A table: how it is made, and its rows."""

    structure: dict[str, Any]
    chunks: tuple[Chunk, ...] = ()

    @property
    def made(self) -> Structure:
        """The structure as it was."""
        return Structure.of_json(self.structure)

    @property
    def sum(self) -> RowSum:
        """Count and checksum of all rows."""
        total = RowSum()
        for chunk in self.chunks:
            total.merge(RowSum.of(chunk.rows, chunk.digest))
        return total


class FileBackup(_Stored):
    """A file of the site; `path` None says that there was none."""

    name: str
    path: str | None
    sha256: _SHA | None
    """Of the compressed object."""
    content_sha256: _SHA | None


class Manifest(_Stored):
    """A complete backup."""

    format: int = 1
    site_id: str
    execution_id: str
    version: str
    step_id: str
    phase: str = ""
    """In which phase it was made: only in the outage nobody writes between the backup and a rollback."""
    dialect: str
    consistency: str
    """`snapshot`: all tables as of one moment; `chunks`: each chunk as of its own moment."""
    started_at: str
    completed_at: str
    tables: tuple[TableBackup, ...] = ()
    files: tuple[FileBackup, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over everything."""
        return hashlib.sha256(_canonical(self.model_dump(mode="json"))).hexdigest()

    @property
    def paths(self) -> frozenset[str]:
        """Every object that belongs to the backup."""
        chunks = [chunk.path for table in self.tables for chunk in table.chunks]
        return frozenset([*chunks, *(file.path for file in self.files if file.path)])


class Archive:
    """One backup's folder."""

    def __init__(self, store: Files, folder: str) -> None:
        self._store = store
        self.folder = folder

    def manifest(self) -> Manifest | None:
        """Return the manifest of a complete backup, None when it is not complete.

        Raises:
            WorkFailed: the manifest was altered.
        """
        try:
            stored = json.loads(self._store.read(f"{self.folder}/{MANIFEST}"))
            manifest = Manifest.model_validate(stored["backup"])
        except FileMissing:
            return None
        except (ValueError, KeyError, ValidationError) as error:
            raise self._damaged(f"{MANIFEST} cannot be read") from error
        if manifest.digest != stored.get("sha256"):
            raise self._damaged(f"{MANIFEST} does not have its checksum")
        return manifest

    def progress(self) -> dict[str, Any]:
        """Return what an unfinished backup has, empty at the start."""
        try:
            found: dict[str, Any] = json.loads(self._store.read(f"{self.folder}/{PROGRESS}"))
        except FileMissing:
            return {}
        return found

    def save_progress(self, progress: dict[str, Any]) -> None:
        """Store what an unfinished backup has."""
        self._store.write(f"{self.folder}/{PROGRESS}", _canonical(progress))

    def put_rows(self, table: str, number: int, lines: Sequence[bytes]) -> Chunk:
        """Store rows."""
        found = RowSum()
        for line in lines:
            found.add(line)
        path, sha256 = self._put(f"{table}/{number:06d}", b"".join(line + b"\n" for line in lines))
        return Chunk(path=path, sha256=sha256, rows=found.rows, digest=found.digest)

    def put_file(self, name: str, content: bytes | None) -> FileBackup:
        """Store a file, or that there is none."""
        if content is None:
            return FileBackup(name=name, path=None, sha256=None, content_sha256=None)
        path, sha256 = self._put(f"files/{hashlib.sha256(name.encode()).hexdigest()[:16]}", content)
        own = hashlib.sha256(content).hexdigest()
        return FileBackup(name=name, path=path, sha256=sha256, content_sha256=own)

    def lines(self, chunk: Chunk) -> list[bytes]:
        """Read rows back.

        Raises:
            WorkFailed: they are missing or altered.
        """
        lines = self._get(chunk.path, chunk.sha256).split(b"\n")[:-1]
        found = RowSum()
        for line in lines:
            found.add(line)
        if (found.rows, found.digest) != (chunk.rows, chunk.digest):
            raise self._damaged(f"{chunk.path} has other rows")
        return lines

    def content(self, file: FileBackup) -> bytes | None:
        """Read a file back; None when there was none.

        Raises:
            WorkFailed: it is missing or altered.
        """
        return None if file.path is None else self._get(file.path, file.sha256 or "")

    def complete(self, manifest: Manifest) -> None:
        """Make it a backup, then remove what does not belong to it."""
        stored = {"sha256": manifest.digest, "backup": manifest.model_dump(mode="json")}
        self._store.write(f"{self.folder}/{MANIFEST}", _canonical(stored))
        self.tidy(manifest)

    def tidy(self, manifest: Manifest) -> None:
        """Remove what earlier attempts left."""
        kept = {f"{self.folder}/{path}" for path in (*manifest.paths, MANIFEST)}
        for info in list(self._store.list(self.folder)):
            if info.path not in kept:
                self._store.delete(info.path)

    def remove(self) -> None:
        """Delete everything, the manifest first: half a deleted backup is no backup."""
        self._store.delete(f"{self.folder}/{MANIFEST}")
        for info in list(self._store.list(self.folder)):
            self._store.delete(info.path)

    def _put(self, name: str, content: bytes) -> tuple[str, str]:
        packed = gzip.compress(content, compresslevel=5, mtime=0)
        sha256 = hashlib.sha256(packed).hexdigest()
        path = f"{name}-{sha256[:16]}.gz"
        self._store.write(f"{self.folder}/{path}", packed)
        return path, sha256

    def _get(self, path: str, sha256: str) -> bytes:
        try:
            packed = self._store.read(f"{self.folder}/{path}")
        except FileMissing as error:
            raise self._damaged(f"{path} is missing") from error
        if hashlib.sha256(packed).hexdigest() != sha256:
            raise self._damaged(f"{path} does not have its checksum")
        return gzip.decompress(packed)

    def _damaged(self, why: str) -> WorkFailed:
        return WorkFailed(DAMAGED, folder=self.folder, why=why)


def site_folder(site_id: str) -> str:
    """Return where a site's backups are."""
    return f"{BACKUPS}/{site_id}"


def of_execution(store: Files, site_id: str, execution_id: str) -> list[tuple[str, Manifest]]:
    """Return the folders and manifests of an execution's complete backups."""
    mine = f"{site_folder(site_id)}/{execution_id}/"
    found = backups(store, site_folder(site_id))
    return [(place, manifest) for place, manifest in found if manifest is not None and place.startswith(mine)]


def backups(store: Files, top: str) -> Iterator[tuple[str, Manifest | None]]:
    """Yield the folder and the manifest of every backup below a folder; None for an unfinished or damaged one."""
    folders: dict[str, bool] = {}
    depth = top.count("/") + 1
    for info in store.list(top):
        folder = "/".join(info.path.split("/")[: depth + 3])
        folders[folder] = folders.get(folder, False) or info.path == f"{folder}/{MANIFEST}"
    for folder, whole in folders.items():
        try:
            yield folder, Archive(store, folder).manifest() if whole else None
        except WorkFailed:
            yield folder, None


def _canonical(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
