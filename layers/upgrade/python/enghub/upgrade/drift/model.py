"""Drift: what a site's database is, against what the last upgrade here left (UPG-24). No I/O.

An upgrade that ends well leaves a record of the schema and of the rows of reference data. Before the next one is
planned the database is compared with it: what differs was changed by somebody else, and a person has to know.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enghub.core.i18n import Filled, Text

Part = tuple[str, str, str]
"""Kind, table ("" for none), name."""
Parts = Mapping[Part, str]
ROW, ROWS = "row", "rows"
"""Kinds: one row of reference data, by its key; what is said of all rows of a table."""
MOST_ROWS = 2_000
"""Rows of a table that is compared row by row; one with more is no reference data, and is said to be left out."""
MOST_SHOWN = 100
"""Differences that answers and reports list; the digest covers all."""
_EXPLAINS = frozenset({"server", "definition"})
"""Kinds that are no difference by themselves where another one says it better."""


class State(StrEnum):
    """What is known of a site's drift."""

    UNRECORDED = "unrecorded"
    """No upgrade here has recorded what the site's version should have."""
    BETWEEN = "between versions"
    """An upgrade has written since, and has not ended well: its own changes are no drift."""
    UNREADABLE = "unreadable"
    """There is a record, and the database cannot be read."""
    SAME = "same"
    DIFFERENT = "different"


class Change(StrEnum):
    """What became of a part."""

    ADDED = "added"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Observed:
    """A database as it is, with the greatest token of a writer that has been at work there."""

    parts: Parts
    token: int


@dataclass(frozen=True, slots=True)
class Record:
    """What a version has at a site, as the upgrade that brought it left it."""

    tenant_id: str
    site_id: str
    version: str
    execution_id: str
    at: datetime
    token: int
    """Of the last writer that may have worked there since without making it untrue."""
    tables: tuple[str, ...]
    """Whose rows are compared."""
    parts: Parts


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not as it was left; None: it was not, or is not, there. Rows are compared by digest."""

    kind: str
    table: str
    name: str
    change: Change
    was: str | None = None
    now: str | None = None

    @property
    def label(self) -> Text:
        """What a person calls it: `column orders.note added`."""
        glue = " " if self.kind in (ROW, ROWS) else "."
        place = glue.join(part for part in (self.table, self.name) if part)
        kind = _KINDS.get(self.kind, self.kind)
        return Text(f"{self.kind} {place} {self.change}", f"{kind} {place} {_CHANGES[self.change]}")


_CHANGES = {Change.ADDED: "新增", Change.MISSING: "缺失", Change.CHANGED: "已变更"}
_KINDS = {
    "table": "表",
    "column": "列",
    "index": "索引",
    "constraint": "约束",
    "trigger": "触发器",
    "view": "视图",
    "materialised view": "物化视图",
    "procedure": "存储过程",
    "function": "函数",
    "sequence": "序列",
    "event": "事件",
    "type": "类型",
    "domain": "域",
    "partitioning": "分区方式",
    "definition": "建表语句",
    "server": "服务器",
    ROW: "数据行",
    ROWS: "数据",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """How a site differs from its record."""

    state: State
    version: str | None = None
    """Which was recorded, and is what the site runs."""
    execution_id: str | None = None
    recorded_at: datetime | None = None
    differences: tuple[Difference, ...] = ()
    reason: Text | Filled | None = None
    """Why it cannot be read."""

    @property
    def needs_acceptance(self) -> bool:
        """A person has to accept it before an upgrade begins."""
        return self.state in (State.DIFFERENT, State.UNREADABLE)

    @property
    def digest(self) -> str:
        """What an acceptance binds to: the very differences that somebody saw."""
        seen = [self.state, self.version, *([d.kind, d.table, d.name, d.was, d.now] for d in self.differences)]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:12]

    @property
    def shown(self) -> tuple[Difference, ...]:
        """The first differences."""
        return self.differences[:MOST_SHOWN]


@dataclass(frozen=True, slots=True)
class AcceptDrift:
    """Somebody accepts the drift they saw in the plan."""

    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who let an upgrade begin on a site that had drifted, why, and what they saw."""

    user_id: str
    reason: str
    digest: str
    differences: tuple[Difference, ...]
    """The first ones, without what they were; none when the database could not be read."""


def compare(record: Record, observed: Observed) -> Drift:
    """Return how a database differs from its record."""
    known = (record.version, record.execution_id, record.at)
    if observed.token > record.token:
        return Drift(State.BETWEEN, *known)
    found = tuple(differences(record.parts, observed.parts))
    return Drift(State.DIFFERENT if found else State.SAME, *known, found)


def differences(was: Parts, now: Parts) -> Iterator[Difference]:
    """Yield what differs, tables first; the parts of a table that came or went are not told one by one."""
    whole = {table for kind, table, _ in was.keys() ^ now.keys() if kind == "table"}
    uncounted = {table for kind, table, _ in (*was, *now) if kind == ROWS}
    found = [
        _difference(part, was.get(part), now.get(part))
        for part in sorted(was.keys() | now.keys(), key=lambda part: (part[1], part[0] != "table", part))
        if was.get(part) != now.get(part)
        and (part[0] == "table" or part[1] not in whole)
        and not (part[0] == ROW and part[1] in uncounted)
    ]
    told = {one.table for one in found if one.kind not in _EXPLAINS and one.kind not in (ROW, ROWS)}
    real = [one for one in found if one.kind not in _EXPLAINS or (one.kind == "definition" and one.table not in told)]
    yield from real
    if real:
        yield from (one for one in found if one.kind == "server")


def _difference(part: Part, was: str | None, now: str | None) -> Difference:
    change = Change.ADDED if was is None else Change.MISSING if now is None else Change.CHANGED
    shown = (None, None) if part[0] == ROW else (was, now)
    return Difference(*part, change, *shown)


def tables_of(before: Record | None, declared: Iterable[str]) -> tuple[str, ...]:
    """Return whose rows a new record keeps: what the versions on the path declare, and what was kept before."""
    return tuple(sorted({*declared, *(before.tables if before is not None else ())}))
