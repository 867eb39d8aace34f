"""Splits SQL scripts, as they are in the wild, into statements (UPG-16).

One pass over the tokens of `tokens.py`. A semicolon ends a statement except inside strings, comments, parentheses
(PostgreSQL rules) and the bodies of stored programs; MySQL's client command `DELIMITER` changes the terminator. Those
that only show something (`WARNINGS;`) are passed over, as a client that shows nothing would.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from enghub.core.i18n import Filled, Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.tokens import PLAIN, Kind, Modes, Token, UnfinishedSql, executed, tokens

HASH_ALGORITHM = "n1"
"""Name of the normalisation below; stored with every hash, so that a later algorithm invalidates no journal."""


_IN_LINE = Text("line {line}: {reason}", "第 {line} 行：{reason}")
_OPEN = Text("{what} is never closed", "{what}没有结束")
_OPEN_BODY = Text("a BEGIN ... END body or a parenthesis is never closed", "BEGIN ... END 或括号没有结束")
_CLIENT = Text("client commands (\\...) cannot run in the engine", "引擎无法执行客户端命令（\\...）")
_BAD_DELIMITER = Text(
    "DELIMITER needs a delimiter that is not empty and has no backslash", "DELIMITER 须有非空且不含反斜杠的分隔符"
)
_COPY = Text(
    "COPY ... FROM stdin or TO stdout speaks with the client; the engine has neither data nor place for it",
    "COPY ... FROM stdin 或 TO stdout 与客户端交换数据，引擎无法处理",
)


class SplitError(ValueError):
    """The script cannot be split safely; `line` says where."""

    def __init__(self, reason: Text | Filled, line: int) -> None:
        self.said = _IN_LINE.filled(line=line, reason=reason)
        super().__init__(self.said.render("en"))
        self.line = line


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script: its place (1-based), its text without terminator, the line it starts in."""

    ordinal: int
    text: str
    line: int
    words: tuple[str, ...]
    """Code words in upper case, in order; quoted names without their quotes. Enough to classify the statement."""
    digest: str
    """`n1:` + SHA-256 over the statement without comments and with single spaces."""

    @property
    def verb(self) -> str:
        """The first word: CREATE, INSERT, SET ..."""
        return self.words[0] if self.words else ""

    @property
    def summary(self) -> str:
        """The first line's worth of the statement, for messages."""
        flat = " ".join(self.text.split())
        return flat if len(flat) <= 120 else flat[:117] + "..."


def split(text: str, dialect: Dialect, modes: Modes = PLAIN) -> tuple[Statement, ...]:
    """Split `text` into its statements; `modes` are those of the site's sessions, a SET in the script changes them.

    Raises:
        SplitError: an unclosed string, comment or body, a bad DELIMITER, inline COPY data, a client command.
    """
    text = text.removeprefix("\ufeff")
    if dialect.is_mysql:  # its client takes the ends of lines for what they are, also within texts and bodies; psql not
        text = text.replace("\r\n", "\n")
    try:
        return tuple(_Splitter(text, dialect, modes).statements())
    except UnfinishedSql as unfinished:
        raise SplitError(_OPEN.filled(what=unfinished.what), unfinished.line) from unfinished


def digest(text: str, dialect: Dialect) -> str:
    """Hash of a statement that ignores comments and layout but nothing else."""
    return _digest(tuple(tokens(text, dialect)))


_SHOWING = frozenset({"WARNINGS", "NOWARNING", "STATUS", "REHASH", "CLEAR", "PRINT", "NOPAGER", "NOTEE", "HELP"})
"""Commands of MySQL's client that change nothing; none of them alone is SQL."""
_DELIMITER = re.compile(r"[ \t]*delimiter(?:[ \t]+(?P<mark>[^\r\n]*))?(?:\r?\n|\Z)", re.IGNORECASE)


class _Splitter:
    """The state of one pass."""

    def __init__(self, text: str, dialect: Dialect, modes: Modes) -> None:
        self._text = text
        self._dialect = dialect
        self._first, self._modes = modes, modes
        self._mark = ";"
        self._buffer: list[Token] = []
        self._body = _Body(dialect)
        self._count = 0

    def statements(self) -> Iterator[Statement]:
        position = 0
        while position < len(self._text):
            moved, statement = self._step(position)
            if statement is not None:
                yield statement
                self._modes = self._modes.after(statement.words, statement.text, self._first)
            position = moved
        if self._body.open and any(_is_code(token) for token in self._buffer):
            first = next(token for token in self._buffer if _is_code(token))
            raise SplitError(_OPEN_BODY, self._line(first.start))
        if (last := self._cut()) is not None:
            yield last

    def _step(self, position: int) -> tuple[int, Statement | None]:
        """Consume tokens from `position` to the end of a statement, a DELIMITER command, or the text."""
        for token in tokens(self._text, self._dialect, position, self._modes):
            if self._dialect.is_mysql and token.kind is Kind.WORD and token.upper == "DELIMITER" and self._empty:
                if (end := self._delimiter_command(token.start)) is not None:
                    return end, None
            elif (end := self._end_of_showing_command(token)) is not None:
                self._buffer.clear()
                return end, None
            elif token.text == "\\" and token.kind is Kind.OTHER and self._is_client_command(token):
                raise SplitError(_CLIENT, self._line(token.start))
            if token.kind not in (Kind.COMMENT, Kind.STRING, Kind.NAME) and self._ends_at(token):
                end = token.start + self._text[token.start :].find(self._mark) + len(self._mark)
                self._keep_before_mark(token)
                return end, self._cut()
            self._buffer.append(token)
            if self._mark == ";":
                self._body.see(token)
        return len(self._text), None

    def _is_client_command(self, token: Token) -> bool:
        """A backslash outside strings is for the client: `\\g`, `\\gexec`, `\\i`; only MySQL's null `\\N` is not."""
        if self._dialect in (Dialect.SQLITE, Dialect.CLICKHOUSE):
            return self._empty
        return not (self._dialect.is_mysql and self._text.startswith("\\N", token.start) and not self._empty)

    @property
    def _empty(self) -> bool:
        return not any(_is_code(token) for token in self._buffer)

    def _ends_at(self, token: Token) -> bool:
        if self._mark == ";":
            return token.text == ";" and not self._body.open
        if token.kind is Kind.SPACE:
            return False
        return self._mark in token.text or self._text.startswith(self._mark, token.start)

    def _keep_before_mark(self, token: Token) -> None:
        """A delimiter like `//` may be glued to the word before it: keep what stands before."""
        before = token.text.split(self._mark)[0]
        if before and before != token.text:
            self._buffer.append(Token(token.kind, before, token.start))

    def _delimiter_command(self, start: int) -> int | None:
        line_start = self._text.rfind("\n", 0, start) + 1
        if self._text[line_start:start].strip():
            return None
        match = _DELIMITER.match(self._text, line_start)
        if match is None:
            return None
        mark = (match.group("mark") or "").strip()
        if len(mark) > 1 and mark[0] == mark[-1] and mark[0] in "'\"`":
            mark = mark[1:-1]
        mark = mark.split()[0] if mark.split() else ""
        if not mark or "\\" in mark:
            raise SplitError(_BAD_DELIMITER, self._line(start))
        self._mark = mark
        self._buffer.clear()
        self._body = _Body(self._dialect)
        return match.end()

    def _end_of_showing_command(self, token: Token) -> int | None:
        """Return where a command ends that stands alone before the terminator or in its line, None for other tokens."""
        word = token.text.split(self._mark)[0]
        if not self._dialect.is_mysql or word.upper() not in _SHOWING or not self._empty:
            return None
        before = self._text[self._text.rfind("\n", 0, token.start) + 1 : token.start]
        end = token.start + len(word)
        line = self._text[end:].partition("\n")[0]
        if line.lstrip().startswith(self._mark):
            return end + line.index(self._mark) + len(self._mark)
        return None if line.strip() or before.strip() else end

    def _cut(self) -> Statement | None:
        buffer, self._buffer = self._buffer, []
        self._body = _Body(self._dialect)
        code = [index for index, token in enumerate(buffer) if _is_code(token)]
        if not code:
            return None
        kept = tuple(buffer[code[0] : code[-1] + 1])
        self._refuse_inline_data(kept)
        self._count += 1
        return Statement(
            ordinal=self._count,
            text="".join(token.text for token in kept),
            line=self._line(kept[0].start),
            words=tuple(_words(kept, self._dialect)),
            digest=_digest(kept),
        )

    def _refuse_inline_data(self, kept: tuple[Token, ...]) -> None:
        if self._dialect is not Dialect.POSTGRESQL or kept[0].upper != "COPY":
            return
        words = [token.upper for token in kept if token.kind is Kind.WORD]
        if {"STDIN", "STDOUT"} & set(words):
            raise SplitError(_COPY, self._line(kept[0].start))

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1


def _is_code(token: Token) -> bool:
    return token.kind not in (Kind.SPACE, Kind.COMMENT)


def _words(kept: Iterable[Token], dialect: Dialect) -> Iterator[str]:
    """Words of the code; those inside a comment that MySQL executes are code too."""
    for token in kept:
        if token.kind is Kind.WORD:
            yield token.upper
        elif token.kind is Kind.NAME:
            yield token.text[1:-1]
        elif (inside := executed(token)) is not None:
            yield from _words(tokens(inside, dialect), dialect)


def _digest(kept: tuple[Token, ...]) -> str:
    parts: list[str] = []
    gap = False
    for token in kept:
        if not _is_code(token):
            gap = bool(parts)
            continue
        if gap:
            parts.append(" ")
        parts.append(token.text)
        gap = False
    return f"{HASH_ALGORITHM}:{hashlib.sha256(''.join(parts).encode()).hexdigest()}"


_MYSQL_PROGRAMS = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"})
_BLOCKS = frozenset({"BEGIN", "CASE", "IF", "LOOP", "REPEAT", "WHILE", "FOR"})
_END_SUFFIXES = frozenset({"IF", "CASE", "LOOP", "REPEAT", "WHILE", "FOR"})
_BEFORE_A_STATEMENT = frozenset({"BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW"})
"""Inside a body a statement follows these."""
_ENDS_OF_A_HEAD = frozenset({"DETERMINISTIC", "SQL", "DATA", "DEFINER", "INVOKER"})
"""Characteristics that may end a routine's head."""
_STARTERS = _BEFORE_A_STATEMENT | _ENDS_OF_A_HEAD

_SINGLE_BODIES = frozenset({"SET", "SELECT", "CALL", "RETURN"})  # a body of one statement, without BEGIN


@dataclass(slots=True)
class _Body:
    """Tracks how deep the current statement is inside a stored program's body or inside parentheses."""

    dialect: Dialect
    program: bool = False
    head: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    parentheses: int = 0
    at_start: bool = False
    after_end: bool = False
    body_begun: bool = False
    previous: str = ""

    @property
    def open(self) -> bool:
        """True while a semicolon belongs to the statement."""
        return bool(self.blocks) or (self.parentheses > 0 and self.dialect is Dialect.POSTGRESQL)

    def see(self, token: Token) -> None:
        if token.kind in (Kind.SPACE, Kind.COMMENT):
            return
        if token.kind is not Kind.WORD:
            self._mark(token.text)
        elif self.previous != ".":  # in `new.end` the word is a column
            self._word(token.upper)
        self.previous = token.upper

    def _mark(self, text: str) -> None:
        if text == "(":
            self.parentheses += 1
        elif text == ")":
            self.parentheses -= 1
        self.after_end = False
        self.at_start = text in (";", ":") or (text == ")" and self.parentheses == 0 and not self.blocks)

    def _word(self, word: str) -> None:
        if len(self.head) < 12 and not self.program:
            self.head.append(word)
            self.program = self._is_program()
            self.at_start = False
            return
        if self.program:
            self._inside_program(word)

    def _is_program(self) -> bool:
        if self.head[0] != "CREATE":
            return False
        if self.dialect.is_mysql:
            return self.head[-1] in _MYSQL_PROGRAMS
        if self.dialect is Dialect.SQLITE:
            return self.head[-1] == "TRIGGER"
        if self.dialect is Dialect.POSTGRESQL:
            return self.head[-1] in ("FUNCTION", "PROCEDURE")
        return False

    def _inside_program(self, word: str) -> None:
        if self.after_end and word in _END_SUFFIXES:
            self.after_end, self.at_start = False, False
            return
        if word == "END" and self.blocks:
            self.blocks.pop()
            self.after_end, self.at_start = True, False
            return
        self.after_end = False
        if self._opens(word):
            expression = word == "CASE" and not self.at_start
            self.blocks.append("CASE expression" if expression else word)
        in_expression = bool(self.blocks) and self.blocks[-1] == "CASE expression"
        self.at_start = word in _STARTERS and not in_expression

    def _opens(self, word: str) -> bool:
        if self.dialect is Dialect.POSTGRESQL:  # only SQL-standard bodies: BEGIN ATOMIC ... END
            return (word == "ATOMIC" and self.previous == "BEGIN") or (word == "CASE" and bool(self.blocks))
        if self.dialect is Dialect.SQLITE:
            return (word == "BEGIN" and not self.blocks) or (word == "CASE" and bool(self.blocks))
        if word == "CASE":
            return True
        if word == "BEGIN" and not self.blocks and not self.body_begun and self.parentheses == 0:
            return True  # the head of a function may end in a type, so no keyword announces the body
        self.body_begun |= word in _SINGLE_BODIES
        return word in _BLOCKS and self.at_start
