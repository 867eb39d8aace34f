"""Writes the roles that the authorizer knows from the rights that contexts declare; ``--check`` compares."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enghub.core.rights import Right

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *map(str, sorted(ROOT.glob("layers/*/python")))]
ROLES = ROOT / "functions" / "core" / "authorize" / "roles.json"


def declared() -> "dict[str, Right]":
    """Return the rights of all contexts by name.

    Raises:
        ValueError: two contexts declare a right of the same name.
    """
    kind = importlib.import_module("enghub.core.rights").Right
    found: dict[str, Right] = {}
    for path in sorted(ROOT.glob("layers/*/python/enghub/**/rights.py")):
        module = importlib.import_module(".".join(path.with_suffix("").parts[path.parts.index("python") + 1 :]))
        for right in vars(module).values():
            if isinstance(right, kind) and found.setdefault(right.name, right) is not right:
                message = f"{right.name} is declared twice"
                raise ValueError(message)
    return found


def roles() -> dict[str, list[str]]:
    """Return each role with the names of its rights."""
    granted: dict[str, list[str]] = {}
    for right in declared().values():
        for role in right.roles:
            granted.setdefault(role, []).append(right.name)
    return {role: sorted(names) for role, names in sorted(granted.items())}


def main() -> int:
    """Write the roles, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    lines = ",\n".join(f'  "{role}": {json.dumps(names)}' for role, names in roles().items())
    text = f"{{\n{lines}\n}}\n"
    if parser.parse_args().check:
        if ROLES.read_text("utf-8") != text:
            print("functions/core/authorize/roles.json is out of date: run python -m tools.rights", file=sys.stderr)
            return 1
        return 0
    ROLES.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
