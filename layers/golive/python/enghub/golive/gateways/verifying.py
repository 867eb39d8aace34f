"""Compares two databases in slices: counts, integrity, sums, rows by segments of keys, multisets by buckets (OPS-06).

Rows are never loaded whole: a segment holds a few thousand rows of each side. Keys whose order is the same everywhere
(numbers, times, bytes) are read by the same range on both sides; other keys (text, whose order follows a collation) by
the rows' own keys, and then the other way round for what is there in addition.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from enghub.golive.comparisons.model import (
    BusinessRule,
    Difference,
    DifferenceKind,
    Reference,
    TableCheck,
    Wanted,
)
from enghub.golive.comparisons.values import ColumnRule, canonical, digest, rules_of, same, shown
from enghub.golive.gateways.databases import address_of
from enghub.kit.databases.catalog import table as reflected
from enghub.kit.databases.keys import next_chunk, read_key, write_key
from enghub.kit.databases.session import ReadSession, execute_raw, reading
from enghub.kit.work.slices import Budget

SEGMENT = 5000
BUCKETS = 256
MOST_A_SLICE = 200
"""So many differences are listed of one slice."""
ORDERED = (int, Decimal, datetime, date)
SECONDS = 600
Row = Sequence[Any]


@dataclass(slots=True)
class Found:
    """What a slice found."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    listed: list[Difference] = field(default_factory=list)

    def add(self, kind: DifferenceKind, table: str, key: str, column: str, values: tuple[str, str]) -> None:
        """Count a difference, and list it while there is room."""
        self.counts[kind.value] += 1
        if len(self.listed) < MOST_A_SLICE:
            self.listed.append(Difference(kind, table, key[:300], column, *values))


class CannotCompare(ValueError):
    """The wanted comparison is not possible; the text says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A table of both sides, with the rules of its columns; ``key`` are places in them."""

    check: TableCheck
    source: sa.Table
    target: sa.Table
    rules: tuple[ColumnRule, ...]
    key: tuple[int, ...]

    def select(self, table: sa.Table, names: Sequence[str]) -> sa.Select[Any]:
        """Return the query of the compared columns."""
        return sa.select(*(table.c[name] for name in names))

    @property
    def of_source(self) -> sa.Select[Any]:
        """The source's columns."""
        return self.select(self.source, [rule.source for rule in self.rules])

    @property
    def of_target(self) -> sa.Select[Any]:
        """The target's columns."""
        return self.select(self.target, [rule.target for rule in self.rules])

    def keyed(self, rows: Iterator[Row], *, of_target: bool) -> dict[tuple[Any, ...], Row]:
        """Return rows by the meaning of their keys."""
        found = {}
        for row in rows:
            parts = []
            for place in self.key:
                rule = self.rules[place]
                parts.append(canonical(row[place], rule, rule.target_zone if of_target else rule.source_zone))
            found[tuple(parts)] = row
        return found


def slice_of(
    secrets: tuple[Mapping[str, Any], Mapping[str, Any]], wanted: Wanted, cursor: str, budget: Budget
) -> tuple[Found, str | None]:
    """Do as much as the budget allows; return what was found and where to go on, None at the end.

    Raises:
        CannotCompare: a table or column is missing, or a tolerance is declared for a table without a key.
        WorkFailed, DatabaseUnreachable: see the room of databases.
    """
    with ExitStack() as open_:
        source, target = (open_.enter_context(reading(address_of(secret), SECONDS)) for secret in secrets)
        work = _Work(source, target, wanted, Found())
        at: dict[str, Any] | None = json.loads(cursor) if cursor else {"table": 0, "step": "whole"}
        while at is not None:
            at = work.step(at)
            if budget.spent:
                break
        return work.found, None if at is None else json.dumps(at)


@dataclass(slots=True)
class _Work:
    source: ReadSession
    target: ReadSession
    wanted: Wanted
    found: Found
    pairs: dict[int, Pair] = field(default_factory=dict)

    def step(self, at: dict[str, Any]) -> dict[str, Any] | None:
        """Do one step; return the next one."""
        if at["table"] >= len(self.wanted.tables):
            self._references()
            self._rules()
            return None
        pair = self._pair(at["table"])
        match at["step"]:
            case "whole":
                _whole(self, pair)
                return {**at, "step": "segments" if pair.key else "buckets"}
            case "buckets":
                _multiset(self, pair)
            case "segments":
                after = self._segment(pair, read_key(at.get("after")), at.get("number", 0))
                if after is not None:
                    return {**at, "after": write_key(after), "number": at.get("number", 0) + 1}
                if not _is_ordered(pair) and pair.check.every == 1:
                    return {"table": at["table"], "step": "extra"}
            case "extra":
                after = self._extra(pair, read_key(at.get("after")))
                if after is not None:
                    return {**at, "after": write_key(after)}
        return {"table": at["table"] + 1, "step": "whole"}

    def _pair(self, number: int) -> Pair:
        if number not in self.pairs:
            self.pairs[number] = _paired(self.source, self.target, self.wanted.tables[number])
        return self.pairs[number]

    def _segment(self, pair: Pair, after: tuple[Any, ...] | None, number: int) -> tuple[Any, ...] | None:
        """Compare the rows of one segment of the source's keys; return its last key, None for the last segment."""
        names = [pair.rules[place].source for place in pair.key]
        conditions, last = next_chunk(self.source.connection, pair.source, names, after, SEGMENT)
        if number % pair.check.every:
            return last
        rows = self.source.connection.execute(pair.of_source.where(*conditions))
        mine = pair.keyed(iter(rows), of_target=False)
        if _is_ordered(pair):
            renamed = {pair.rules[place].source: pair.rules[place].target for place in pair.key}
            theirs_rows = self.target.connection.execute(
                pair.of_target.where(*(_renamed(one, renamed) for one in conditions))
            )
            theirs = pair.keyed(iter(theirs_rows), of_target=True)
        else:
            theirs = self._by_key(pair, mine)
        self._compare(pair, mine, theirs)
        return last

    def _by_key(self, pair: Pair, mine: Mapping[tuple[Any, ...], Row]) -> dict[tuple[Any, ...], Row]:
        columns = [pair.target.c[pair.rules[place].target] for place in pair.key]
        values = [tuple(row[place] for place in pair.key) for row in mine.values()]
        found: dict[tuple[Any, ...], Row] = {}
        for start in range(0, len(values), 500):
            some = values[start : start + 500]
            wanted = columns[0].in_([one[0] for one in some]) if len(columns) == 1 else sa.tuple_(*columns).in_(some)
            found |= pair.keyed(iter(self.target.connection.execute(pair.of_target.where(wanted))), of_target=True)
        return found

    def _compare(self, pair: Pair, mine: Mapping[tuple[Any, ...], Row], theirs: Mapping[tuple[Any, ...], Row]) -> None:
        self.found.rows += len(mine)
        for key, row in mine.items():
            other = theirs.get(key)
            if other is None:
                self.found.add(DifferenceKind.MISSING, pair.check.source, _shown_key(pair, row), "", ("there", ""))
                continue
            for rule, left, right in zip(pair.rules, row, other, strict=True):
                if (left == right and type(left) is type(right)) or same(left, right, rule):
                    continue
                key_text = _shown_key(pair, row)
                values = (shown(left), shown(right))
                self.found.add(DifferenceKind.DIFFERENT, pair.check.source, key_text, rule.source, values)
        if _is_ordered(pair):
            for key, other in theirs.items():
                if key not in mine:
                    self.found.add(DifferenceKind.EXTRA, pair.check.source, _shown_key(pair, other), "", ("", "there"))

    def _extra(self, pair: Pair, after: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        """Look for rows of the target that the source does not have, where ranges cannot show them."""
        names = [pair.rules[place].target for place in pair.key]
        conditions, last = next_chunk(self.target.connection, pair.target, names, after, SEGMENT)
        rows = self.target.connection.execute(pair.of_target.where(*conditions))
        theirs = pair.keyed(iter(rows), of_target=True)
        columns = [pair.source.c[pair.rules[place].source] for place in pair.key]
        values = [tuple(row[place] for place in pair.key) for row in theirs.values()]
        mine: dict[tuple[Any, ...], Row] = {}
        for start in range(0, len(values), 500):
            some = values[start : start + 500]
            wanted = columns[0].in_([one[0] for one in some]) if len(columns) == 1 else sa.tuple_(*columns).in_(some)
            mine |= pair.keyed(iter(self.source.connection.execute(pair.of_source.where(wanted))), of_target=False)
        for key, row in theirs.items():
            if key not in mine:
                self.found.add(DifferenceKind.EXTRA, pair.check.source, _shown_key(pair, row), "", ("", "there"))
        return last

    def _references(self) -> None:
        for one in self.wanted.references:
            orphans = self.target.connection.execute(_orphans(self.target, one)).scalar() or 0
            if orphans:
                columns = ",".join(one.columns)
                self.found.add(DifferenceKind.ORPHAN, one.table, one.parent, columns, ("0", str(orphans)))

    def _rules(self) -> None:
        for rule in self.wanted.rules:
            mine, theirs = _said(self.source, rule.source_query), _said(self.target, rule.target_query)
            if not rule.source_query:
                if theirs:
                    self.found.add(DifferenceKind.RULE, rule.name, "", "", ("no row", f"{len(theirs)} rows"))
            elif mine != theirs:
                self.found.add(DifferenceKind.RULE, rule.name, "", "", (shown(mine), shown(theirs)))


def _whole(work: _Work, pair: Pair) -> None:
    """Compare counts and sums, and look for NULL where there must be none."""
    check = pair.check
    sums = [sa.func.sum(pair.source.c[name]) for name in check.sums]
    renamed = [check.columns.get(name, name) for name in check.sums]
    theirs_sums = [sa.func.sum(pair.target.c[name]) for name in renamed]
    mine = work.source.connection.execute(sa.select(sa.func.count(), *sums).select_from(pair.source)).one()
    theirs = work.target.connection.execute(sa.select(sa.func.count(), *theirs_sums).select_from(pair.target)).one()
    if mine[0] != theirs[0]:
        work.found.add(DifferenceKind.COUNT, check.source, "", "", (str(mine[0]), str(theirs[0])))
    for name, left, right in zip(check.sums, mine[1:], theirs[1:], strict=True):
        rule = next(one for one in pair.rules if one.source == name)
        if not same(left, right, rule):
            work.found.add(DifferenceKind.SUM, check.source, "", name, (shown(left), shown(right)))
    for name in check.required:
        nothing = sa.select(sa.func.count()).select_from(pair.target).where(pair.target.c[name].is_(None))
        count = work.target.connection.execute(nothing).scalar() or 0
        if count:
            work.found.add(DifferenceKind.NULL, check.source, "", name, ("0", str(count)))


def _multiset(work: _Work, pair: Pair) -> None:
    """Compare a table without a key: sums of digests by bucket, then the rows of the buckets that differ."""
    if any(rule.tolerance is not None for rule in pair.rules):
        message = f"{pair.check.source} has no key: a tolerance needs one"
        raise CannotCompare(message)
    mine, theirs = _buckets(work.source, pair, of_target=False), _buckets(work.target, pair, of_target=True)
    work.found.rows += sum(count for count, _ in mine)
    wrong = {number for number in range(BUCKETS) if mine[number] != theirs[number]}
    if not wrong:
        return
    rows: Counter[bytes] = Counter()
    samples: dict[bytes, str] = {}
    for session, of_target, sign in ((work.source, False, 1), (work.target, True, -1)):
        for row in _streamed(session, pair, of_target=of_target):
            found = digest(row, pair.rules, of_target=of_target)
            if found[0] in wrong:
                rows[found] += sign
                samples.setdefault(found, ", ".join(shown(value)[:60] for value in row))
                if not rows[found]:
                    del rows[found], samples[found]
    for found, count in rows.items():
        kind = DifferenceKind.MISSING if count > 0 else DifferenceKind.EXTRA
        for _ in range(abs(count)):
            work.found.add(kind, pair.check.source, samples[found], "", ("there", "") if count > 0 else ("", "there"))


def _buckets(session: ReadSession, pair: Pair, *, of_target: bool) -> list[tuple[int, int]]:
    counts, sums = [0] * BUCKETS, [0] * BUCKETS
    for row in _streamed(session, pair, of_target=of_target):
        found = digest(row, pair.rules, of_target=of_target)
        counts[found[0]] += 1
        sums[found[0]] += int.from_bytes(found, "big")  # a sum, never XOR: equal rows would cancel each other
    return list(zip(counts, sums, strict=True))


def _streamed(session: ReadSession, pair: Pair, *, of_target: bool) -> Iterator[Row]:
    query = pair.of_target if of_target else pair.of_source
    found = session.connection.execute(query.execution_options(yield_per=SEGMENT))
    for part in found.partitions():
        yield from part


def _paired(source: ReadSession, target: ReadSession, check: TableCheck) -> Pair:
    mine, theirs = reflected(source.connection, check.source), reflected(target.connection, check.target)
    if mine is None or theirs is None:
        message = f"there is no table {check.source if mine is None else check.target}"
        raise CannotCompare(message)
    names = [column.name for column in mine.columns if column.name not in check.ignore]
    lacking = [name for name in names if check.columns.get(name, name) not in theirs.columns]
    if lacking:
        message = f"{check.target} has no column for {', '.join(lacking)}: map or ignore them"
        raise CannotCompare(message)
    types = {name: (str(mine.c[name].type), str(theirs.c[check.columns.get(name, name)].type)) for name in names}
    rules = rules_of(names, types, {rule.source: rule for rule in check.rules}, check.columns)
    wanted = check.key or tuple(column.name for column in mine.primary_key.columns)
    return Pair(check, mine, theirs, rules, tuple(names.index(name) for name in wanted if name in names))


def _is_ordered(pair: Pair) -> bool:
    """Tell whether the key's order is the same in every database."""
    for place in pair.key:
        rule = pair.rules[place]
        for kind in (pair.source.c[rule.source].type, pair.target.c[rule.target].type):
            try:
                if not issubclass(kind.python_type, ORDERED):
                    return False
            except NotImplementedError:
                return False
    return True


def _renamed(condition: Any, names: Mapping[str, str]) -> Any:
    """Return a condition on keys with the target's names of the columns."""

    def swap(element: Any, **_: Any) -> Any:
        if isinstance(element, sa.ColumnClause) and element.name in names:
            return sa.column(names[element.name], element.type)
        return None

    return sa.sql.visitors.replacement_traverse(condition, {}, swap)


def _shown_key(pair: Pair, row: Row) -> str:
    return ", ".join(f"{pair.rules[place].source}={shown(row[place])}" for place in pair.key)


def _orphans(session: ReadSession, one: Reference) -> sa.Select[Any]:
    child, parent = (reflected(session.connection, name) for name in (one.table, one.parent))
    if child is None or parent is None:
        message = f"there is no table {one.table if child is None else one.parent}"
        raise CannotCompare(message)
    pairs = list(zip(one.columns, one.parent_columns, strict=True))
    other = parent.alias()
    matches = [child.c[mine] == other.c[theirs] for mine, theirs in pairs]
    set_ = [child.c[mine].is_not(None) for mine, _ in pairs]
    exists = sa.exists().where(*matches)
    return sa.select(sa.func.count()).select_from(child).where(*set_, ~exists)


def _said(session: ReadSession, query: str) -> list[list[str]]:
    """Return the rows of a query as texts by meaning, 1,000 at most."""
    if not query:
        return []
    plain = ColumnRule("", "")
    rows = execute_raw(session.connection, query).fetchmany(1000)
    return [[str(canonical(value, plain)) for value in row] for row in rows]


__all__ = ["BusinessRule", "CannotCompare", "Found", "slice_of"]
