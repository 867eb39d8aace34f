"""A cache in a folder: survives the process that writes it, as a real one does."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path


class FolderCache:
    """`enghub.upgrade.stepping.ports.Cache` on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, generation: str, entries: Mapping[str, bytes], ttl_seconds: int | None) -> None:
        known = self._read(generation)
        known.update({key: value.decode() for key, value in entries.items()})
        draft = self._folder / "draft"
        draft.write_text(json.dumps(known))
        draft.replace(self._place(generation))

    def count(self, generation: str) -> int:
        return len(self._read(generation))

    def get(self, generation: str, keys: Sequence[str]) -> list[bytes | None]:
        known = self._read(generation)
        return [known[key].encode() if key in known else None for key in keys]

    def active(self) -> str | None:
        pointer = self._folder / "active"
        return pointer.read_text() if pointer.exists() else None

    def activate(self, generation: str | None) -> None:
        if generation is None:
            (self._folder / "active").unlink(missing_ok=True)
            return
        draft = self._folder / "draft"
        draft.write_text(generation)
        draft.replace(self._folder / "active")

    def generations(self) -> tuple[str, ...]:
        return tuple(sorted(path.name.removesuffix(".json") for path in self._folder.glob("*.json")))

    def clear(self, generation: str) -> None:
        self._place(generation).unlink(missing_ok=True)

    def wipe(self) -> None:
        """Lose everything, as a restarted cache does."""
        shutil.rmtree(self._folder)
        self._folder.mkdir()

    def _place(self, generation: str) -> Path:
        return self._folder / f"{generation}.json"

    def _read(self, generation: str) -> dict[str, str]:
        place = self._place(generation)
        known: dict[str, str] = json.loads(place.read_text()) if place.exists() else {}
        return known
