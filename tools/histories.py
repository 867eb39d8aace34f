"""The public histories of `histories.toml`, read from clones of their repositories (none is kept here)."""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from enghub.kit.sql.dialect import Dialect

LIST = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class History:
    """Scripts of one project for one database, in the order in which its sites ran them."""

    name: str
    dialect: Dialect
    repository: str
    commit: str
    files: tuple[str, ...]
    """Patterns of paths, in order; `tag:pattern` reads another revision. What one finds is in natural order."""
    replace: tuple[tuple[str, str], ...] = ()
    """Patterns and what stands for them: a template's name, a statement that this database refuses."""

    def write(self, clone: Path, folder: Path) -> list[Path]:
        """Write the scripts into `folder`, numbered; `clone` is a git directory."""
        written: list[Path] = []
        for pattern in self.files:
            revision, _, path = pattern.rpartition("::")
            revision = revision or self.commit
            names = _git(clone, "ls-tree", "-r", "--name-only", revision).decode().splitlines()
            found = sorted((name for name in names if re.fullmatch(path, name)), key=_natural)
            if not found:
                raise SystemExit(f"{self.name}: no file of {revision} is like {path}")
            for name in found:
                text = _git(clone, "show", f"{revision}:{name}").decode("utf-8", "surrogateescape")
                for old, new in self.replace:
                    text = re.sub(old, new, text)
                target = folder / f"{len(written):04d}_{name.replace('/', '_')[-80:]}"
                target.write_bytes(text.encode("utf-8", "surrogateescape"))
                written.append(target)
        return written


def histories() -> dict[str, History]:
    """Return them by name."""
    found = {}
    for entry in tomllib.loads(LIST.read_text("utf-8"))["history"]:
        replace = tuple((old, new) for old, new in entry.pop("replace", ()))
        one = History(dialect=Dialect(entry.pop("dialect")), files=tuple(entry.pop("files")), replace=replace, **entry)
        found[one.name] = one
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """2.10 comes behind 2.9, and `a_b` behind `a`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name.replace("__", "\0"))]


def _git(clone: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "--git-dir", str(clone), *arguments], capture_output=True, check=True)
    return done.stdout
