"""Difference of two versions of a BOM: lines added, removed, changed field by field (PLM-02)."""

from dataclasses import dataclass, fields
from typing import Any

from enghub.plm.boms.model import Bom, BomLine


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line that differs: no ``before`` of an added one, no ``after`` of a removed one; ``fields`` that moved."""

    before: BomLine | None
    after: BomLine | None
    fields: tuple[str, ...] = ()


def diff(before: Bom, after: Bom) -> tuple[LineChange, ...]:
    """Return what differs, by sequence.

    A line is the same line when its component has the same sequence, or else the same component at the same places
    once in both: a line that only moved is a change of its sequence.
    """
    old = {(line.component, line.sequence): line for line in before.lines}
    new = {(line.component, line.sequence): line for line in after.lines}
    pairs = [(old.pop(key), new.pop(key)) for key in sorted(old.keys() & new.keys(), key=lambda pair: pair[1])]
    moved = {(line.component, line.designators): line for line in old.values()}
    for line in sorted(new.values(), key=lambda one: one.sequence):
        same = moved.pop((line.component, line.designators), None)
        if same is not None:
            pairs.append((old.pop((same.component, same.sequence)), new.pop((line.component, line.sequence))))
    changes = [LineChange(one, other, moved_fields(one, other)) for one, other in pairs if one != other]
    changes += [LineChange(line, None) for line in old.values()]
    changes += [LineChange(None, line) for line in new.values()]
    return tuple(sorted(changes, key=_place))


def _place(change: LineChange) -> tuple[int, str]:
    line = change.after or change.before
    return (line.sequence, line.component) if line is not None else (0, "")


def moved_fields(one: Any, other: Any) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass that differ."""
    return tuple(part.name for part in fields(one) if getattr(one, part.name) != getattr(other, part.name))
