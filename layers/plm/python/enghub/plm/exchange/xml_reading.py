"""Records of an XML file: each child of the root is one, each of its children a member (PLM-21).

By expat itself, which reads on from part to part and knows the line; a document type ends it before anything expands.
"""

from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from enghub.plm.exchange import texts
from enghub.plm.exchange.model import Entry, FileRefused

MOST_CHARACTERS = 65_536
_NIL = frozenset({"nil", "http://www.w3.org/2001/XMLSchema-instance nil"})
_RECORD, _MEMBER = 2, 3


class _Records:
    """What expat tells, put together record by record."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._typed
        self.parser.StartElementHandler = self._began
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = self._text
        self.found: list[Entry] = []
        self._depth, self._place, self._size = 0, "", 0
        self._record: dict[str, Any] = {}
        self._problem: tuple[str, str, str] | None = None
        self._texts: list[str] = []
        self._is_nil = False

    def _typed(self, *_: Any) -> None:
        raise FileRefused(texts.TYPED, f"line {self.parser.CurrentLineNumber}")

    def _began(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == _RECORD:
            self._place, self._size = f"line {self.parser.CurrentLineNumber}", 0
            self._record, self._problem = {}, None
        elif self._depth == _MEMBER:
            self._texts = []
            self._is_nil = any(attributes.get(nil) in {"true", "1"} for nil in _NIL)
        elif self._depth > _MEMBER:
            self._wrong("NOT_TEXT", _local(name))

    def _text(self, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_CHARACTERS:
            self._wrong("TOO_LONG", "", str(MOST_CHARACTERS))
        elif self._depth >= _MEMBER:
            self._texts.append(text)

    def _ended(self, name: str) -> None:
        if self._depth == _MEMBER:
            member = _local(name)
            if member in self._record:
                self._wrong("TWICE", member)
            self._record[member] = None if self._is_nil else "".join(self._texts)
        elif self._depth == _RECORD:
            self.found.append(Entry(self._place, self._record, self._problem))
        self._depth -= 1

    def _wrong(self, reason: str, field: str, value: str = "") -> None:
        self._problem = self._problem or (reason, field, value)


class _Deep:
    """Records somewhere beneath the root, as a mapping names them; attributes and what is inside are members, too.

    ``<comp ref="R1"><value>10k</value><fields><field name="MPN">X</field></fields><property name="dnp"/></comp>`` is
    ``@ref``, ``value``, ``fields/field[MPN]``, ``property[dnp]``. An element without text is its attribute ``value``.
    """

    def __init__(self, path: str) -> None:
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._typed
        self.parser.StartElementHandler = self._began
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = self._text
        self.found: list[Entry] = []
        self.is_seen = False
        self._wanted = path.split("/")
        self._path: list[str] = []
        self._inside: list[str] = []
        self._texts: list[list[str]] = []
        self._place, self._size, self._is_on = "", 0, False
        self._record: dict[str, Any] = {}
        self._problem: tuple[str, str, str] | None = None

    def _typed(self, *_: Any) -> None:
        raise FileRefused(texts.TYPED, f"line {self.parser.CurrentLineNumber}")

    def _began(self, name: str, attributes: dict[str, str]) -> None:
        if self._is_on:
            said = attributes.get("name")
            self._inside.append(f"{_local(name)}[{said}]" if said is not None else _local(name))
            self._texts.append([attributes["value"]] if said is not None and "value" in attributes else [])
            self._keep_all({f"{'/'.join(self._inside)}@{one}": text for one, text in attributes.items()})
            return
        self._path.append(_local(name))
        if self._path[1:] == self._wanted:
            self.is_seen = self._is_on = True
            self._place, self._size = f"line {self.parser.CurrentLineNumber}", 0
            self._record, self._problem = {}, None
            self._keep_all({f"@{_local(one)}": text for one, text in attributes.items()})

    def _text(self, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_CHARACTERS:
            self._problem = self._problem or ("TOO_LONG", "", str(MOST_CHARACTERS))
        elif self._texts:
            self._texts[-1].append(text)

    def _ended(self, _: str) -> None:
        if not self._is_on:
            self._path.pop()
        elif self._inside:
            text = "".join(self._texts.pop())
            name = "/".join(self._inside)
            self._inside.pop()
            if text.strip() or not any(known.startswith(f"{name}/") for known in self._record):
                self._keep_all({name: text.strip()})
        else:
            self._is_on = False
            self._path.pop()
            self.found.append(Entry(self._place, self._record, self._problem))

    def _keep_all(self, members: dict[str, str]) -> None:
        for name, text in members.items():
            self._size += len(text)
            if name in self._record:
                self._problem = self._problem or ("TWICE", name, "")
            self._record[name] = text


def xml_entries(parts: Iterator[str], path: str = "") -> Iterator[Entry]:
    """Yield the records of an XML file; ``path`` is where they are beneath the root, empty for its children.

    Raises:
        FileRefused: it breaks off, is no XML, or has a document type.
    """
    records = _Deep(path) if path else _Records()
    try:
        for part in parts:
            records.parser.Parse(part.encode(), False)
            yield from _taken(records)
        records.parser.Parse(b"", True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise FileRefused(texts.NOT_READ.filled(why=why), f"line {error.lineno}, column {error.offset + 1}") from error
    yield from _taken(records)
    if isinstance(records, _Deep) and not records.is_seen:
        raise FileRefused(texts.NO_RECORDS.filled(path=path))


def _taken(records: "_Records | _Deep") -> list[Entry]:
    found, records.found = records.found, []
    return found


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
