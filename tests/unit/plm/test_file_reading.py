"""Files of records read one by one: by line and column, strictly, in bounded memory (PLM-21; cases PF13, PF22)."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.plm.connections.rules import FileEncoding
from enghub.plm.exchange.model import Dropped, Entry, FileKind, FileRefused
from enghub.plm.exchange.reading import MOST_CHARACTERS, Shape, entries
from tests.factories.plm import a_record

COLUMNS = tuple(a_record())
UTF_8, UTF_16, GB18030 = FileEncoding.UTF_8, FileEncoding.UTF_16, FileEncoding.GB18030
CODECS = {UTF_8: "utf-8", UTF_16: "utf-16", GB18030: "gb18030"}


def in_csv(*records: dict[str, Any], separator: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, delimiter=separator)
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in one.items()} for one in records)
    return out.getvalue()


def in_xml(*records: dict[str, Any]) -> str:
    def member(name: str, value: str | None) -> str:
        return f'<{name} nil="true"/>' if value is None else f"<{name}>{escape(value)}</{name}>"

    rows = ("<product>" + "".join(member(*one) for one in record.items()) + "</product>\n" for record in records)
    return "<?xml version='1.0'?>\n<products>\n" + "".join(rows) + "</products>"


def in_json(*records: dict[str, Any]) -> str:
    return json.dumps(records, ensure_ascii=False, indent=1)


def in_lines(*records: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in records)


FORMS = {
    "csv": (FileKind.CSV, in_csv),
    "xml": (FileKind.XML, in_xml),
    "json": (FileKind.JSON, in_json),
    "lines": (FileKind.JSON, in_lines),
}


def read(text: str | bytes, kind: FileKind = FileKind.CSV, encoding: FileEncoding = UTF_8) -> list[Entry]:
    data = text if isinstance(text, bytes) else text.encode(CODECS[encoding])
    return list(entries(io.BytesIO(data), kind, Shape(encoding)))


def refusal(text: str | bytes, kind: FileKind = FileKind.CSV, encoding: FileEncoding = UTF_8) -> str:
    with pytest.raises(FileRefused) as refused:
        read(text, kind, encoding)
    assert refused.value.said.render("zh") != str(refused.value)
    return f"{refused.value.place}: {refused.value}"


names = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=30).filter(
    lambda text: text.strip()[:1] not in {"", "=", "@", "+", "-"}
)


@settings(max_examples=60)
@given(st.lists(names, min_size=1, max_size=8), st.sampled_from(list(FORMS)), st.sampled_from(list(CODECS)))
def test_every_form_in_every_encoding_gives_the_records_that_were_written(
    given_names: list[str], form: str, encoding: FileEncoding
) -> None:
    kind, write = FORMS[form]
    records = [a_record(number, productName=name) for number, name in enumerate(given_names)]
    found = read(write(*records), kind, encoding)
    assert [dict(one.record) for one in found] == records
    assert [one.problem for one in found] == [None] * len(records)


# --- encodings ---


def test_what_is_no_text_of_the_declared_encoding_is_refused_and_nothing_is_guessed() -> None:
    nut = in_csv(a_record(1, productName="模"))
    at = len(nut.encode()[: nut.encode().index("模".encode())])
    assert read(nut.encode("gb18030"), encoding=GB18030)[0].record["productName"] == "模"
    assert read(nut.encode("gb18030"))[0].record["productName"] == "ģ"  # the same two bytes are valid UTF-8
    assert "UTF_8" in refusal(in_csv(a_record(1, productName="螺母")).encode("gb18030"))
    assert f"byte {at + 1}" in refusal(nut.encode().replace("模".encode(), b"\xff"))
    assert "byte order mark" in refusal(in_csv(a_record()).encode("utf-16-le"), encoding=UTF_16)
    assert "UTF_16" in refusal(in_csv(a_record()).encode("utf-16") + b"x", encoding=UTF_16)


def test_a_mark_is_never_part_of_the_first_header() -> None:
    assert read(b"\xef\xbb\xbf" + in_csv(a_record()).encode())[0].record == a_record()
    assert "no column objectId" in refusal(b"\xef\xbb\xbf" + in_csv(a_record()).encode(), encoding=GB18030)


# --- CSV ---


def test_separators_quotes_and_line_ends_inside_of_cells() -> None:
    record = a_record(1, productName='Nut; "M8",\r\nzinc')
    for separator in (";", "\t"):
        assert read(in_csv(record, separator=separator))[0].record == record
    found = read(in_csv(record, a_record(2)))
    assert [one.place for one in found] == ["line 2", "line 4"]
    assert found[1].record == a_record(2)


def test_a_row_that_cannot_be_read_is_told_by_its_line_and_the_rest_is_read() -> None:
    good = in_csv(a_record(1), a_record(2), a_record(3)).split("\r\n")
    short, long, quoted = good[2].rsplit(",", 1)[0], f"{good[2]},more", f'{good[2]},"a"b'
    for bad, reason in ((short, "CELLS"), (long, "CELLS"), (quoted, "UNREADABLE")):
        found = read("\r\n".join([good[0], good[1], bad, "", good[3]]))
        assert [(one.place, one.problem and one.problem[0]) for one in found] == [
            ("line 2", None),
            ("line 3", reason),
            ("line 5", None),
        ]


def test_a_quote_that_is_never_closed_costs_the_lines_it_names() -> None:
    lines = in_csv(*(a_record(number) for number in range(2000))).split("\r\n")
    lines[5] = lines[5].replace('12 V"', "12 V")
    found = read("\r\n".join(lines))
    (bad,) = [one for one in found if one.problem and one.problem[0] == "UNREADABLE"][:1]
    first, last = (int(word) for word in bad.place.removeprefix("lines ").split(" to "))
    assert (first, last < 2000) == (6, True)
    assert len([one for one in found if not one.problem]) >= 2000 - (last - first) - 2


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("", "names the columns"),
        (",,\n", "names the columns"),
        ("objectId,objectId\n", "objectId is there twice"),
        ("料号,版本\n", "no column objectId; there are 料号, 版本"),
        ("objectId|productCode|productVersion|updatedAt\n", "separator"),
    ],
)
def test_a_header_that_is_none_refuses_the_file(head: str, words: str) -> None:
    assert words in refusal(head)


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://evil","x")', "@SUM(A1)", "+cmd|' /C calc'!A0", "-A1+SUM(1)", " =1+1", "\t=1"]
)
@pytest.mark.parametrize("form", FORMS)
def test_what_a_spreadsheet_would_execute_is_refused_by_line_and_column(cell: str, form: str) -> None:
    kind, write = FORMS[form]
    first, second = read(write(a_record(1, productName=cell), a_record(2, productName="-40 °C seal")), kind)
    assert first.problem is not None
    assert first.problem[:2] == ("FORMULA", "productName")
    assert first.place.startswith("line ")
    assert second.problem is None


# --- JSON ---


def test_values_of_json_that_are_no_text_are_told_by_field_and_keep_nobody_else_out() -> None:
    raw = in_json(a_record(1), a_record(2), a_record(3), a_record(4))
    for value in ("1.10", "NaN", "Infinity", "1e3", "true", "[1]", '{"a": 1}'):
        text = raw.replace('"productVersion": "A"', f'"productVersion": {value}', 2)
        found = read(text, FileKind.JSON)
        assert [one.problem and one.problem[:2] for one in found] == [("NOT_TEXT", "productVersion")] * 2 + [None] * 2
    assert read(raw.replace('"A"', "1.10", 1), FileKind.JSON)[0].problem == ("NOT_TEXT", "productVersion", "1.10")
    twice = raw.replace('"unit"', '"productName": "x",\n"unit"', 1)
    assert read(twice, FileKind.JSON)[0].problem == ("TWICE", "productName", "")


def test_a_wrapped_list_is_one_and_a_broken_one_is_refused_by_line_and_column() -> None:
    raw = in_json(a_record(1), a_record(2))
    assert len(read(f'{{"items": {raw}}}', FileKind.JSON)) == 2
    assert "line" in refusal(raw[:-2], FileKind.JSON)
    assert "line 15, column 14" in refusal(raw.replace('"objectId": "OBJ-0000002"', '"objectId" "OBJ"'), FileKind.JSON)
    assert "nested too deep" in refusal("[" * 50_000, FileKind.JSON)


def test_of_a_file_with_an_object_on_each_line_a_bad_line_is_told_alone() -> None:
    lines = in_lines(a_record(1), a_record(2), a_record(3)).split("\n")
    lines[1] = lines[1][:-5]
    found = read("\n".join(lines), FileKind.JSON)
    assert [(one.place, one.problem and one.problem[0]) for one in found] == [
        ("line 1", None),
        ("line 2", "UNREADABLE"),
        ("line 3", None),
    ]


# --- XML ---


def test_absent_nil_and_empty_of_xml_are_three_things() -> None:
    text = in_xml(a_record(1), a_record(2), a_record(3, unit=""))
    text = text.replace("<unit>PCS</unit>", "", 1).replace("<unit>PCS</unit>", '<unit nil="1"/>', 1)
    first, second, third = read(text, FileKind.XML)
    assert ("unit" in first.record, second.record["unit"], third.record["unit"]) == (False, None, "")
    assert [one.place for one in (first, second, third)] == ["line 3", "line 4", "line 5"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x><y><z>&b;</z></y></x>', "document types"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document types"),
        ("<x><y><z>1</z></y>", "line 1, column"),
        ("<x><y>&unknown;</y></x>", "line 1, column"),
        ("", "cannot be read"),
        ("not XML", "cannot be read"),
    ],
)
def test_xml_that_is_hostile_or_breaks_off_is_refused_before_anything_landed(text: str, words: str) -> None:
    assert words in refusal(text, FileKind.XML)


def test_a_member_twice_or_with_members_is_told() -> None:
    text = "<p><x><objectId>1</objectId><unit>a</unit><unit>b</unit></x><x><unit><b>1</b></unit></x></p>"
    assert [one.problem and one.problem[:2] for one in read(text, FileKind.XML)] == [
        ("TWICE", "unit"),
        ("NOT_TEXT", "b"),
    ]


# --- size ---


@pytest.mark.parametrize("form", FORMS)
def test_a_record_that_is_too_long_is_told_alone_or_ends_the_file_by_name(form: str) -> None:
    kind, write = FORMS[form]
    huge = a_record(2, productName="x" * (MOST_CHARACTERS + 10))
    found = read(write(a_record(1), huge, a_record(3)), kind)
    assert [one.problem is None for one in found] == [True, False, True]
    if form == "json":  # where a list goes on is not known any more
        endless = in_json(a_record(1, productName="x" * 5 * MOST_CHARACTERS))
        assert f"more than {MOST_CHARACTERS} characters" in refusal(endless, kind)


class Endless:
    """A file of as many records as one likes, never held as a whole."""

    def __init__(self, kind: FileKind, records: int) -> None:
        self.parts = self._parts(kind, records)
        self.rest = b""

    def _parts(self, kind: FileKind, records: int) -> Iterator[bytes]:
        head, tail = {FileKind.CSV: (in_csv(), ""), FileKind.JSON: ("[", "]"), FileKind.XML: ("<p>", "</p>")}[kind]
        yield head.encode()
        row = in_csv(a_record()).split("\r\n")[1] + "\r\n"
        inner = in_xml(a_record()).split("<products>\n")[1].removesuffix("</products>")
        for number in range(records):
            comma = "," if number else ""
            yield {FileKind.CSV: row, FileKind.JSON: comma + json.dumps(a_record()), FileKind.XML: inner}[kind].encode()
        yield tail.encode()

    def read(self, size: int, /) -> bytes:
        while len(self.rest) < size and (part := next(self.parts, b"")):
            self.rest += part
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


@pytest.mark.parametrize("kind", [FileKind.CSV, FileKind.JSON, FileKind.XML])
def test_memory_does_not_grow_with_the_file(kind: FileKind) -> None:
    def peak(records: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in entries(Endless(kind, records), kind, Shape(UTF_8))) == records
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(500)
    assert peak(6000) < peak(1500) + 300_000


# --- names ---


def test_a_files_name_tells_whose_it_is_and_nothing_else_is_taken() -> None:
    found = Dropped.of({"key": "plm/exchange/acme/night/a b.CSV", "size": 5, "version-id": "v1"})
    assert found is not None
    assert (found.tenant_id, found.connection, found.kind) == ("acme", "night", FileKind.CSV)
    again = Dropped.of({"key": found.key, "version-id": "v1"})
    other = Dropped.of({"key": found.key, "version-id": "v2"})
    assert again is not None
    assert other is not None
    assert again.run_id == found.run_id != other.run_id
    plain = Dropped.of({"key": found.key, "etag": "9b2c"})
    assert plain is not None
    assert (plain.version, plain.run_id == found.run_id) == ("", False)
    for key in (
        "plm/exchange/acme/night/a.csv.errors.csv",
        "plm/exchange/acme/a.csv",
        "plm/exchange/acme/night/x/a.csv",
        "plm/exchange/../night/a.csv",
        "plm/exchange/acme/night/a.exe",
        "plm/exchange-work/acme/run/000000.json",
    ):
        assert Dropped.of({"key": key}) is None
