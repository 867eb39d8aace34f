"""One-pass lexer over SQL text: what is code, what is a string, what is a comment, per dialect."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

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


_SPACE = r"(?P<space>\s+)"
_WORD = r"(?P<word>[^\W][\w$]*|@{1,2}[\w$.]*)"
_OTHER = r"(?P<other>.)"
_DASH_COMMENT = r"--[^\n]*"

_MYSQL = re.compile(
    "|".join(
        (
            _SPACE,
            r"(?P<comment>--(?=\s|\Z)[^\n]*|\#[^\n]*)",
            r"(?P<string>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")",
            r"(?P<name>`(?:[^`]|``)*`)",
            _WORD,
            _OTHER,
        )
    ),
    re.DOTALL,
)
_POSTGRESQL = re.compile(
    "|".join(
        (
            _SPACE,
            rf"(?P<comment>{_DASH_COMMENT})",
            r"(?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|(?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag))",
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
_PATTERNS = {
    Dialect.MYSQL: _MYSQL,
    Dialect.MARIADB: _MYSQL,
    Dialect.POSTGRESQL: _POSTGRESQL,
    Dialect.SQLITE: _SQLITE,
    Dialect.CLICKHOUSE: _CLICKHOUSE,
}
_NESTED_COMMENTS = (Dialect.POSTGRESQL, Dialect.CLICKHOUSE)
_OPENERS = {"'": _STRING, '"': _NAME, "`": _NAME}


def tokens(text: str, dialect: Dialect, start: int = 0) -> Iterator[Token]:
    """Cut `text` into tokens from offset `start`.

    Raises:
        UnfinishedSql: a string, quoted name or block comment has no end.
    """
    pattern = _PATTERNS[dialect]
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
