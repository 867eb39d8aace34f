"""Files of rows: source text as written, places, what is refused, and the way back (CFG-14; traps SF13 to SF15)."""

import io
import zipfile
from collections.abc import Sequence

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enghub.kit.sheets import properties
from enghub.kit.sheets.files import format_of, read, write
from enghub.kit.sheets.model import Format, Limits, SheetRefused

NAMES = ("configKey", "configValue")


def texts_of(data: bytes | str, kind: Format, name: str = "configValue") -> list[str | None]:
    data = data.encode() if isinstance(data, str) else data
    return [row.text(name) for row in read(data, kind, NAMES).rows]


def refused(data: bytes | str, kind: Format, limits: Limits | None = None) -> tuple[str, str]:
    data = data.encode() if isinstance(data, str) else data
    with pytest.raises(SheetRefused) as error:
        read(data, kind, NAMES, limits or Limits())
    return str(error.value), error.value.place


# --- Java properties (SF13) ---

LINES = [
    (r"answer = a\\nb", "answer", "a\\nb"),
    (r"xml=\u003Ca\u003E", "xml", "<a>"),
    (r"name=\u73ed\u6b21", "name", "班次"),
    ("greet:  hi  ", "greet", "hi  "),
    (r"path\ key=C:\\temp\new", "path key", "C:\\temp\new"),
    (r"a\=b = c = d", "a=b", "c = d"),
    ("k!v#x", "k!v#x", ""),
    ("list=a,\\\n     b", "list", "a,b"),
    ("  # no comment = here\n! nor here\nx", "x", ""),
    (r"smile=\ud83d\ude00", "smile", "😀"),
    ("a\\\n\\\nb=1", "ab", "1"),
    ("tab\tvalue", "tab", "value"),
    (r"unknown=\q\:", "unknown", "q:"),
]


@pytest.mark.parametrize(("lines", "key", "value"), LINES)
def test_properties_read_as_java_reads_them(lines: str, key: str, value: str) -> None:
    ((found, meant, _),) = properties.parse(lines)
    assert (found, meant) == (key, value)


def test_a_repeated_property_is_refused_with_both_lines() -> None:
    assert refused("a=1\nb=2\n\na = 3", Format.PROPERTIES) == ("a is there twice, on lines 1 and 4", "line 4")
    assert refused(r"a=\u12", Format.PROPERTIES)[1] == "line 1"


# --- YAML (SF14) ---


def test_yaml_gives_the_source_text_whatever_it_looks_like() -> None:
    values = ["NO", "0510210600", "22:22", "3.10", "2027-02-06", "1E5", "1_000", "0x1F", "yes", "on", ".inf", "012"]
    file = "\n".join(f"k{number}: {value}" for number, value in enumerate(values))
    assert texts_of(file, Format.YAML) == values
    assert texts_of('a: ~\nb: null\nc:\nd: "~"\ne: ""\nf: \'null\'', Format.YAML) == [None, None, None, "~", "", "null"]


def test_yaml_nests_by_the_json_schema_and_keeps_numbers_as_written() -> None:
    file = "configs:\n- configKey: a\n  configValue: {x: 1.10, y: [NO, true, ~], z: 9007199254740993}\n"
    assert texts_of(file, Format.YAML) == ['{"x":1.10,"y":["NO",true,null],"z":9007199254740993}']
    assert read(file.encode(), Format.YAML, NAMES).rows[0].cells["configKey"].place == "line 2"


@pytest.mark.parametrize(
    "file",
    [
        "a: &x 1\nb: *x",
        "a: !!python/object:os.system x",
        "a: !!binary aGk=",
        "a: 1\na: 2",
        "- 1\n- 2",
        "a: [",
        "? [x]\n: y",
    ],
)
def test_yaml_that_means_more_than_it_shows_is_refused(file: str) -> None:
    refused(file, Format.YAML)


# --- JSON, XML, CSV ---


def test_json_keeps_numbers_as_written() -> None:
    file = '[{"configValue":1.10},{"configValue":1E5},{"configValue":null}]'
    assert texts_of(file, Format.JSON) == ["1.10", "1E5", None]
    assert texts_of('{"a": 9007199254740993, "b": {"c": [1.0, "x"]}, "d": true}', Format.JSON) == [
        "9007199254740993",
        '{"c":[1.0,"x"]}',
        "true",
    ]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ('{"a":1,"a":2}', Format.JSON),
        ("[1]", Format.JSON),
        ("{", Format.JSON),
        ("[" * 100_000, Format.JSON),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", Format.JSON),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a><r><k>&b;</k></r></a>', Format.XML),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Format.XML),
        ("<a><r><k>1</k><k>2</k></r></a>", Format.XML),
        ("<a>", Format.XML),
        ("a,a\n1,2", Format.CSV),
        ("\n1", Format.CSV),
        (b"a\xff,b", Format.CSV),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(file: str | bytes, kind: Format) -> None:
    refused(file, kind)


def test_csv_reads_with_any_separator_and_marks() -> None:
    assert texts_of("configKey;configValue\na;007\n", Format.CSV) == ["007"]
    assert texts_of('\ufeffconfigKey,configValue\r\na,"x\ny"\r\nb,\r\nc,\\N\r\n', Format.CSV) == ["x\ny", "", None]
    assert texts_of("configKey\tconfigValue\na\t1".encode("utf-16"), Format.CSV) == ["1"]
    (row,) = read(b"a,b\n1,2,3", Format.CSV, NAMES).rows
    assert row.cells["C2"].problem is not None


# --- Excel (SF15) ---


def workbook(*rows: Sequence[object], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for place, form in (formats or {}).items():
        sheet[place].number_format = form
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(data: bytes) -> dict[str, tuple[str | None, str | None]]:
    """Return text and problem of every cell, by its address."""
    rows = read(data, Format.EXCEL, NAMES).rows
    found = [cell for row in rows for cell in row.cells.values()]
    return {cell.place: (cell.text, None if cell.problem is None else cell.problem.render("en")) for cell in found}


def test_excel_cells_are_what_was_typed_or_refused_by_address() -> None:
    column = [1914310000010100016, "1914310000010100016", 42, "00123", 60, "#N/A", 0.15, 0.1 + 0.2, True, "=1+1", 1e5]
    data = workbook(["v"], *[[value] for value in column], formats={"A6": "yyyy-mm-dd", "A8": "0%"})
    found = cells(data)
    assert found["A2"][1] == "Excel keeps 15 digits of a number, this has more: make it text"
    assert found["A3"] == ("1914310000010100016", None)
    assert found["A4"] == ("42", None)
    assert found["A5"] == ("00123", None)
    assert found["A6"][1] == "29 February 1900 never was: write the date as text"
    assert found["A7"][1] == "the cell shows the error #N/A"
    assert found["A8"] == ("0.15", None)
    assert found["A9"] == ("0.3", None)
    assert found["A10"] == ("true", None)
    assert found["A11"][1] == "a formula is not read: write its value as text"
    assert found["A12"] == ("100000", None)


def test_a_date_of_excel_is_refused_because_nobody_knows_how_it_was_meant() -> None:
    data = workbook(["v", "w"], [45000, 45000.5], formats={"A2": "dd/mm/yy", "B2": '"Tag" d. mmm'})
    assert all(problem is not None for _, problem in cells(data).values())
    assert cells(workbook(["v"], [5], formats={"A2": '0.00 "days"'}))["A2"] == ("5", None)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b"0" * 3_000_000)
    assert "unpacked" in refused(out.getvalue(), Format.EXCEL, Limits(unpacked_bytes=1_000_000))[0]
    refused(b"PK\x03\x04 no zip", Format.EXCEL)
    refused(b"", Format.EXCEL)


def test_an_entity_in_a_workbook_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["v"], ["x"]))) as good, zipfile.ZipFile(out, "w") as bad:
        for part in good.namelist():
            content = good.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = b'<!DOCTYPE a [<!ENTITY b "c">]>' + content.split(b"?>", 1)[-1]
            bad.writestr(part, content)
    assert "entities" in refused(out.getvalue(), Format.EXCEL)[0]


def test_limits_are_told_with_their_place() -> None:
    assert "rows" in refused("a\n1\n2\n3", Format.CSV, Limits(rows=2))[0]
    assert refused("a,b\n1,2", Format.CSV, Limits(columns=1))[1] == "row 2"
    assert refused("a: 12345", Format.YAML, Limits(cell_characters=4))[1] == "line 1"
    assert "bytes" in refused("a: 12345", Format.YAML, Limits(file_bytes=4))[0]


def test_the_name_of_a_file_tells_its_format() -> None:
    assert format_of("Config.XLSX") is Format.EXCEL
    with pytest.raises(SheetRefused):
        format_of("config.xls")


# --- the way back ---

printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n"), max_size=12)
awkward = st.sampled_from(
    ["", "~", "NO", "007", "1E5", "=1+1", " x ", "2027-02-06", "1914310000010100016", "a\nb", "\\N "]
)
values = printable | awkward


@pytest.mark.parametrize("kind", list(Format))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(st.from_regex(r"[a-z][a-z.]{0,8}", fullmatch=True), values), max_size=4, unique_by=lambda r: r[0]
    )
)
def test_what_is_written_reads_back_as_it_was(kind: Format, rows: list[tuple[str, str]]) -> None:
    if kind is Format.EXCEL:  # OOXML's own escapes, and text it cannot hold
        rows = [
            (key, value) for key, value in rows if "_x" not in value and "\ufffe" not in value and "\uffff" not in value
        ]
    rows = [(key, value) for key, value in rows if not {"\ufffe", "\uffff"} & set(value)]
    found = read(write(kind, NAMES, rows), kind, NAMES).rows
    assert [(row.text("configKey"), row.text("configValue") or "") for row in found] == rows


@pytest.mark.parametrize("kind", [Format.CSV, Format.JSON, Format.YAML, Format.XML])
def test_null_comes_back_apart_from_empty_text(kind: Format) -> None:
    rows = [("a", None), ("b", "")]
    assert texts_of(write(kind, NAMES, rows), kind) == [None, ""]
