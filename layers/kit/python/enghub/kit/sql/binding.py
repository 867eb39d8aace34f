"""Which statements of a script belong on one connection, without a stop in between, and which may not run (UPG-08).

What a session holds and nobody can write down (temporary tables, savepoints, open cursors, the count of the last
statement) is lost with its connection. So the statements that need it are one part: one transaction, done or not done.
Where a statement among them commits by itself, a stop behind it could not be mended: that is refused before anything
runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from enghub.core.i18n import Filled, Text
from enghub.kit.sql.classify import Manner, is_temporary, manner, refusal
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement
from enghub.kit.sql.tokens import Kind, Token, UnfinishedSql, executed, tokens

TEMPORARY = Text("the temporary object {name} lives on one connection", "临时对象 {name} 只存在于一个连接")
TRANSACTION = Text("the script makes one transaction of them", "脚本将其作为一个事务")
LAST = Text("it asks about the statement before it", "它查询上一条语句的结果")
SEQUENCE = Text("it asks for the value that this session drew last", "它查询本会话最近取得的序列值")
HANDLER = Text("a HANDLER is open on one connection", "HANDLER 只在一个连接上打开")
NEXT_ONLY = Text("the SET is for the next statement", "该 SET 只作用于下一条语句")
CUT = Text(
    "lines {first} to {last} belong on one connection ({why}), and this statement commits in their midst: a stop "
    "behind it could not be mended. Move it before or behind them, or use a permanent table",
    "第 {first} 至 {last} 行须在同一连接上执行（{why}），而本语句会在其中提交，中断后无法恢复。"
    "请将其移到前面或后面，或改用永久表",
)
NO_TRANSACTION = Text("it stands in no transaction", "它不在任何事务之中")
_LAST_COUNTS = frozenset({"ROW_COUNT", "FOUND_ROWS"})
_LAST_NUMBERS = frozenset({"@@WARNING_COUNT", "@@ERROR_COUNT"})
_SEQUENCES = frozenset({"CURRVAL", "LASTVAL"})
_ENDS = frozenset({"COMMIT", "END"})


@dataclass(frozen=True, slots=True)
class Part:
    """Statements that run as one transaction; most parts are one statement."""

    statements: tuple[Statement, ...]
    why: Text | Filled | None = None
    """What binds them; None for one that stands alone."""
    isolation: str = ""
    """`ISOLATION LEVEL SERIALIZABLE`, as the script asks for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A statement that may not run here, and why."""

    statement: Statement
    reason: Text | Filled


@dataclass(frozen=True, slots=True)
class _Span:
    """Places from `first` to `last`, both in."""

    first: int
    last: int
    why: Text | Filled
    isolation: str = ""


def arrange(
    statements: Sequence[Statement], dialect: Dialect, database: str | None = None
) -> tuple[tuple[Part, ...], tuple[Refused, ...]]:
    """Return the parts of a script that runs statement by statement, in order, and what may not run."""
    statements = tuple(_dropping_temporary(statements)) if dialect.is_mysql else statements
    refused = [Refused(one, why) for one in statements if (why := refusal(one, dialect, database)) is not None]
    spans = _joined(sorted(_spans(statements, dialect), key=lambda span: span.first))
    for span in spans:
        inside = statements[span.first : span.last + 1]
        told = CUT.filled(first=inside[0].line, last=inside[-1].line, why=span.why)
        refused += [Refused(one, told) for one in inside if manner(one, dialect) is Manner.SELF_COMMITTING]
    covered = {place for span in spans for place in range(span.first, span.last + 1)}
    refused += [
        Refused(one, NO_TRANSACTION)
        for place, one in enumerate(statements)
        if place not in covered and _is_savepoint(one) and refusal(one, dialect, database) is None
    ]
    parts = {
        span.first: Part(tuple(statements[span.first : span.last + 1]), span.why, span.isolation) for span in spans
    }
    parts |= {place: Part((one,)) for place, one in enumerate(statements) if place not in covered}
    return tuple(parts[place] for place in sorted(parts)), tuple(refused)


def fits_one_transaction(statements: Sequence[Statement], dialect: Dialect) -> bool:
    """Tell whether a whole script may be one transaction and still do what its client would.

    It may not when a statement runs outside transactions only, when an added enum value is used (PostgreSQL lets it be
    used after a commit), or when the script's own transactions have a meaning of their own: an isolation level,
    settings and temporary tables that end with one of several.
    """
    if any(manner(one, dialect) is Manner.SELF_COMMITTING for one in statements):
        return False
    if any(_isolation(one) for one in statements) or any(_adds_value(one) for one in statements[:-1]):
        return False
    if dialect is Dialect.SQLITE and any(one.verb == "PRAGMA" for one in statements):
        return False  # SQLite passes over some of them inside a transaction
    ends = [place for place, one in enumerate(statements) if one.verb in _ENDS]
    several = any(place < len(statements) - 1 for place in ends)
    return not (several and any(_is_of_one_transaction(one) for one in statements))


def _adds_value(statement: Statement) -> bool:
    words = statement.words
    return words[:2] == ("ALTER", "TYPE") and "VALUE" in words and "ADD" in words


def _is_of_one_transaction(statement: Statement) -> bool:
    words = statement.words
    return (
        words[:2] in (("SET", "LOCAL"), ("SET", "CONSTRAINTS"))
        or ("SET_CONFIG" in words and "TRUE" in words)
        or any(pair == ("ON", "COMMIT") for pair in pairwise(words))
        or words[:1] in (("DECLARE",), ("FETCH",), ("SAVEPOINT",))
    )


def _is_savepoint(statement: Statement) -> bool:
    return statement.verb in ("SAVEPOINT", "RELEASE") or (statement.verb == "ROLLBACK" and "TO" in statement.words[1:3])


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """Make one of spans that overlap."""
    found: list[_Span] = []
    for span in spans:
        if found and span.first <= found[-1].last:
            last = found[-1]
            found[-1] = _Span(last.first, max(last.last, span.last), last.why, last.isolation or span.isolation)
        else:
            found.append(span)
    return [span for span in found if span.last > span.first or span.isolation]


def _spans(statements: Sequence[Statement], dialect: Dialect) -> Iterator[_Span]:
    if dialect is Dialect.CLICKHOUSE:
        return
    yield from _transactions(statements, dialect)
    for place, one in enumerate(statements):
        name = _temporary_name(one)
        if name is not None:
            yield _Span(place, _last_mention(statements, name, place), TEMPORARY.filled(name=name))
        if place and dialect.is_mysql and _asks_about_last(one, dialect):
            yield _Span(place - 1, place, LAST)
        if dialect is Dialect.POSTGRESQL and _calls(one, _SEQUENCES, dialect):
            yield _Span(_after_commit(statements, dialect, place), place, SEQUENCE)
        if one.verb == "HANDLER" and "OPEN" in one.words:
            yield _Span(place, _last_mention(statements, one.words[1], place), HANDLER)
        if _is_for_next(one, dialect) and place + 1 < len(statements):
            yield _Span(place, place + 1, NEXT_ONLY, _isolation(one))


def _asks_about_last(statement: Statement, dialect: Dialect) -> bool:
    """Tell whether a statement needs what the one before left; a SHOW needs it to show it, which nobody sees here."""
    if statement.words[:1] == ("GET",):
        return "DIAGNOSTICS" in statement.words
    reads = statement.verb not in ("CREATE", "ALTER", "SHOW") and not _LAST_NUMBERS.isdisjoint(statement.words)
    return reads or _calls(statement, _LAST_COUNTS, dialect)


def _calls(statement: Statement, names: frozenset[str], dialect: Dialect) -> bool:
    """Tell whether one of the functions is called: a column or table may bear its name."""
    if statement.verb in ("CREATE", "ALTER") or names.isdisjoint(statement.words):
        return False
    try:
        code = tuple(_code(statement.text, dialect))
    except UnfinishedSql:  # another sql_mode's quotes
        return True
    return any(one.upper in names and after.text == "(" for one, after in pairwise(code))


def _code(text: str, dialect: Dialect) -> Iterator[Token]:
    for token in tokens(text, dialect):
        if (inside := executed(token)) is not None:
            yield from _code(inside, dialect)
        elif token.kind not in (Kind.SPACE, Kind.COMMENT):
            yield token


def _is_for_next(statement: Statement, dialect: Dialect) -> bool:
    words = statement.words
    if not dialect.is_mysql:
        return False
    return words[:2] == ("SET", "TRANSACTION") or (
        words[:1] == ("SET",) and any(w.lstrip("@").split(".")[-1] in ("INSERT_ID", "RAND_SEED1") for w in words)
    )


def _transactions(statements: Sequence[Statement], dialect: Dialect) -> Iterator[_Span]:
    """Transactions that the script opens itself; on MySQL only those whose meaning is more than their statements'."""
    begun: int | None = None
    for place, one in enumerate(statements):
        if one.verb in ("BEGIN", "START") and manner(one, dialect) is Manner.CONTROL:
            begun = place
        elif one.verb in _ENDS and begun is not None and manner(one, dialect) is Manner.CONTROL:
            inside = statements[begun : place + 1]
            level = next((found for found in map(_isolation, inside) if found), "")
            own = any(_is_savepoint(s) or _is_of_one_transaction(s) for s in inside)
            if level or own or dialect is Dialect.POSTGRESQL:
                yield _Span(begun, place, TRANSACTION, level)
            begun = place if "CHAIN" in one.words and "NO" not in one.words else None


def _isolation(statement: Statement) -> str:
    words = statement.words
    if words[:1] not in (("BEGIN",), ("START",)) and words[:2] != ("SET", "TRANSACTION"):
        return ""
    for place, word in enumerate(words):
        if word == "ISOLATION" and words[place + 1 : place + 2] == ("LEVEL",):
            level = words[place + 2 : place + 4]
            return "ISOLATION LEVEL " + " ".join(level[:1] if level[:1] == ("SERIALIZABLE",) else level)
    return ""


def _temporary_name(statement: Statement) -> str | None:
    """Return the name of the temporary object that a statement makes, None when it makes none."""
    words = statement.words
    if statement.verb == "CREATE" and is_temporary(words):
        place = next(at for at, word in enumerate(words) if word in ("TEMPORARY", "TEMP")) + 1
        rest = list(words[place + (words[place : place + 1] == ("RECURSIVE",)) + 1 :])
        rest = rest[3:] if rest[:3] == ["IF", "NOT", "EXISTS"] else rest
        return rest[0] if rest else ""
    if statement.words[:2] == ("CREATE", "TABLE") and "PG_TEMP" in words[2:6]:
        return words[words.index("PG_TEMP") + 1]
    if statement.verb in ("SELECT", "WITH") and "INTO" in words:
        place = words.index("INTO") + 1
        if words[place : place + 1] in (("TEMP",), ("TEMPORARY",)) and words[place + 1 : place + 2] != ("FROM",):
            rest = [w for w in words[place + 1 :] if w != "TABLE"]
            return rest[0] if rest else ""
    return None


def _dropping_temporary(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Name what is dropped as temporary where it is: `DROP TABLE` alone would commit in the midst of its part."""
    alive: set[str] = set()
    for one in statements:
        if (name := _temporary_name(one)) is not None:
            alive.add(name.casefold())
        if one.words[:2] != ("DROP", "TABLE") or one.text[:4].upper() != "DROP":
            yield one
            continue
        rest = one.words[4:] if one.words[2:4] == ("IF", "EXISTS") else one.words[2:]
        dropped = {word.casefold() for word in rest}
        if dropped and dropped <= alive:
            words = ("DROP", "TEMPORARY", *one.words[1:])
            one = replace(one, text=f"{one.text[:4]} TEMPORARY{one.text[4:]}", words=words)  # noqa: PLW2901
        alive -= dropped
        yield one


def _last_mention(statements: Sequence[Statement], name: str, start: int) -> int:
    wanted = name.casefold()
    found = [place for place, one in enumerate(statements) if wanted in (word.casefold() for word in one.words)]
    return max([place for place in found if place >= start], default=start)


def _after_commit(statements: Sequence[Statement], dialect: Dialect, place: int) -> int:
    """Return the first place after the last statement before `place` that commits by itself."""
    ends = [at for at in range(place) if manner(statements[at], dialect) is Manner.SELF_COMMITTING]
    return ends[-1] + 1 if ends else 0
