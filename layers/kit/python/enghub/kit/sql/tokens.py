"""One-pass lexer over SQL text: what is code, what is a string, what is a comment, per dialect."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect

_STRING = Text("a string", "字符串")
_NAME = Text("a quoted name", "带引号的名称")
_COMMENT = Text("a comment", "注释")


class Kind(StrEnum):
    """What a token is."""

    SPACE = "space"
    COMMENT = "comment"
    STRING = "string"  # 'text', $$text$$
    NAME = "name"  # a quoted identifier
    WORD = "word"  # a keyword, a bare identifier or a number
    OTHER = "other"  # one character of punctuation, or an executable comment


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; `start` is its offset in it."""

    kind: Kind
    text: str
    start: int

    @property
    def upper(self) -> str:
        """The text in upper case, for keyword comparison."""
        return self.text.upper()


class UnfinishedSql(ValueError):
    """A string, a quoted name or a comment was opened and never closed."""

    def __init__(self, what: Text, line: int) -> None:
        super().__init__(f"{what.en} opened in line {line} is never closed")
        self.what = what
        self.line = line


@dataclass(frozen=True, slots=True)
class Modes:
    """What a session's settings make of quotes and backslashes."""

    plain_backslash: bool = False
    """MySQL's NO_BACKSLASH_ESCAPES."""
    double_names: bool = False
    """MySQL's ANSI_QUOTES: `"` quotes a name."""
    escaping_strings: bool = False
    """PostgreSQL's standard_conforming_strings is off."""

    @classmethod
    def of_sql_mode(cls, sql_mode: str) -> "Modes":
        """Return the modes of a value of `sql_mode`."""
        names = set(sql_mode.upper().replace("'", ",").replace(" ", ",").replace('"', ",").split(","))
        ansi = {"ANSI_QUOTES", "ANSI", "ORACLE", "POSTGRESQL", "MSSQL", "DB2", "MAXDB"}
        return cls("NO_BACKSLASH_ESCAPES" in names, bool(names & ansi))

    def after(self, words: tuple[str, ...], text: str, first: "Modes") -> "Modes":
        """Return the modes after a statement; a value that is computed brings the session's first ones back."""
        if words[:1] != ("SET",):
            return self
        if "STANDARD_CONFORMING_STRINGS" in words:
            value = text.rpartition("=")[2].upper() if "=" in text else text.upper().rpartition(" TO ")[2]
            return replace(self, escaping_strings=any(word in value for word in ("OFF", "FALSE", "NO", "0")))
        if not any(word.split(".")[-1].lstrip("@") == "SQL_MODE" for word in words) or "GLOBAL" in words[:3]:
            return self
        value = re.split(r"(?i)sql_mode\s*:?=", text)[-1]
        if re.match(r"\s*@(?!@)", value) or re.match(r"(?i)\s*(DEFAULT\b|REPLACE\s*\()", value):
            return first
        return Modes.of_sql_mode(value.replace("(", ",").replace(")", ","))


PLAIN = Modes()


_SPACE = r"(?P<space>\s+)"
_WORD = r"(?P<word>[^\W][\w$]*|@{1,2}[\w$.]*)"
_OTHER = r"(?P<other>.)"
_DASH_COMMENT = r"--[^\n]*"

_MYSQL_STRINGS = {
    False: (r"'(?:[^'\\]|\\.|'')*'", r"\"(?:[^\"\\]|\\.|\"\")*\""),
    True: (r"'(?:[^']|'')*'", r"\"(?:[^\"]|\"\")*\""),
}
_PG_PLAIN = r"[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
_PG_ESCAPING = r"[eE]?'(?:[^'\\]|\\.|'')*'"


def _mysql(modes: Modes) -> re.Pattern[str]:
    single, double = _MYSQL_STRINGS[modes.plain_backslash]
    strings, names = (
        (single, rf"{double}|`(?:[^`]|``)*`") if modes.double_names else (rf"{single}|{double}", "`(?:[^`]|``)*`")
    )
    comment = r"(?P<comment>--(?=\s|\Z)[^\n]*|\#[^\n]*)"
    return re.compile(
        "|".join((_SPACE, comment, f"(?P<string>{strings})", f"(?P<name>{names})", _WORD, _OTHER)), re.DOTALL
    )


_POSTGRESQL = re.compile(
    "|".join(
        (
            _SPACE,
            rf"(?P<comment>{_DASH_COMMENT})",
            rf"(?P<string>{_PG_PLAIN}|(?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag))",
            r'(?P<name>"(?:[^"]|"")*")',
            _WORD,
            _OTHER,
        )
    ),
    re.DOTALL,
)
_SQLITE = re.compile(
    "|".join(
        (
            _SPACE,
            rf"(?P<comment>{_DASH_COMMENT})",
            r"(?P<string>'(?:[^']|'')*')",
            r'(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])',
            _WORD,
            _OTHER,
        )
    ),
    re.DOTALL,
)
_CLICKHOUSE = re.compile(
    "|".join(
        (
            _SPACE,
            rf"(?P<comment>{_DASH_COMMENT}|\#[ !][^\n]*)",
            r"(?P<string>'(?:[^'\\]|\\.|'')*')",
            r'(?P<name>"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`)',
            _WORD,
            _OTHER,
        )
    ),
    re.DOTALL,
)


@cache
def _pattern(dialect: Dialect, modes: Modes) -> re.Pattern[str]:
    if dialect.is_mysql:
        return _mysql(modes)
    if dialect is Dialect.POSTGRESQL:
        escaping = _POSTGRESQL.pattern.replace(_PG_PLAIN, _PG_ESCAPING)
        return re.compile(escaping, re.DOTALL) if modes.escaping_strings else _POSTGRESQL
    return _SQLITE if dialect is Dialect.SQLITE else _CLICKHOUSE


_NESTED_COMMENTS = (Dialect.POSTGRESQL, Dialect.CLICKHOUSE)
_OPENERS = {"'": _STRING, '"': _NAME, "`": _NAME}


def executed(token: Token) -> str | None:
    """Return the code inside a comment that MySQL executes, None for another token.

    `/*+` is a hint and no code; no server has the version of `/*M!999999\\- ...`, which a dump says to the client.
    """
    if token.kind is not Kind.OTHER or not token.text.startswith(("/*!", "/*M!")):
        return None
    inside = token.text.removesuffix("*/").removeprefix("/*M!").removeprefix("/*!")
    return None if inside.startswith("999999") else inside.lstrip("0123456789")


def tokens(text: str, dialect: Dialect, start: int = 0, modes: Modes = PLAIN) -> Iterator[Token]:
    """Cut `text` into tokens from offset `start`.

    Raises:
        UnfinishedSql: a string, quoted name or block comment has no end.
    """
    pattern = _pattern(dialect, modes)
    position = start
    while position < len(text):
        if text.startswith("/*", position):
            end = _block_comment_end(text, position, nested=dialect in _NESTED_COMMENTS)
            piece = text[position:end]
            executable = dialect.is_mysql and piece.startswith(("/*!", "/*M!", "/*+"))
            yield Token(Kind.OTHER if executable else Kind.COMMENT, piece, position)
            position = end
            continue
        match = pattern.match(text, position)
        assert match is not None  # noqa: S101 - the last alternative takes any character
        kind = Kind.STRING if match.lastgroup == "tag" else Kind(match.lastgroup or "other")
        piece = match.group()
        if kind is Kind.OTHER and (piece in _OPENERS and not (piece == "`" and dialect is Dialect.POSTGRESQL)):
            raise UnfinishedSql(_OPENERS[piece], _line(text, position))
        yield Token(kind, piece, position)
        position = match.end()


def _block_comment_end(text: str, start: int, *, nested: bool) -> int:
    depth, position = 1, start + 2
    while depth:
        close = text.find("*/", position)
        if close < 0:
            raise UnfinishedSql(_COMMENT, _line(text, start))
        inner = text.find("/*", position, close) if nested else -1
        if inner >= 0:
            depth, position = depth + 1, inner + 2
        else:
            depth, position = depth - 1, close + 2
    return position


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
