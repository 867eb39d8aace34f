"""The last answer of the hub on disk: replaced whole or not at all, and never believed when it is damaged."""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from enghub_client.errors import CacheDamaged

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Cached:
    """An answer as it was fetched."""

    etag: str
    fetched_at: datetime
    document: Any


@dataclass(frozen=True, slots=True)
class DiskCache:
    """One file, of one client; ``identity`` says which hub, environment and keys it is of."""

    path: Path
    identity: Sequence[str]

    def load(self) -> Cached | None:
        """Return what was kept; None where there is nothing, or it is another client's.

        Raises:
            CacheDamaged: the file is not as it was written.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CacheDamaged(f"{self.path} cannot be read: {error}") from error
        try:
            head, _, body = raw.partition(b"\n")
            said = json.loads(head)
            is_whole = said["format"] == FORMAT and said["sha256"] == hashlib.sha256(body).hexdigest()
            kept = json.loads(body) if is_whole else None
            if kept is None:
                raise CacheDamaged(f"{self.path} is damaged: its checksum differs")
            if kept["identity"] != list(self.identity):
                return None
            return Cached(kept["etag"], datetime.fromisoformat(kept["fetchedAt"]), kept["document"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise CacheDamaged(f"{self.path} is damaged: {type(error).__name__}") from error

    def save(self, answer: Cached) -> None:
        """Replace what was kept; a reader sees the old or the new, whole.

        Raises:
            OSError: it cannot be written; what was there stays.
        """
        kept = {
            "identity": list(self.identity),
            "etag": answer.etag,
            "fetchedAt": answer.fetched_at.isoformat(),
            "document": answer.document,
        }
        body = json.dumps(kept, ensure_ascii=False).encode()
        head = json.dumps({"format": FORMAT, "sha256": hashlib.sha256(body).hexdigest()}).encode()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # readable by its owner
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(head + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
