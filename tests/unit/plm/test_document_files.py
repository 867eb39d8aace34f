"""Names of files, and what is seen in their content (PLM-17): whatever comes, it is taken or refused by name."""

import io
import re
import unicodedata
import zipfile
from contextlib import suppress
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.plm.documents.errors import FileNameRefused
from enghub.plm.documents.inspection import Refusal, check
from enghub.plm.documents.media import MEDIA_TYPES, clean_name, disposition

PDF = MEDIA_TYPES["application/pdf"]
TEXTS = {
    "text/csv": '料号,数量\n"=1+1",2\n'.encode(),
    "text/plain": "Größe\r\n\tok\x0c".encode("gb18030"),
    "model/step": b"ISO-10303-21;\nHEADER;\nENDSEC;\n",
    "image/vnd.dxf": b"999\ncomment\n  0\nSECTION\n  2\nHEADER\n",
    "image/png": b"\x89PNG\r\n\x1a\n....IEND\xaeB`\x82",
    "image/jpeg": b"\xff\xd8\xff\xe0....\xff\xd9",
    "image/tiff": b"II*\x00....",
    "application/pdf": b"%PDF-1.4\n%%EOF",
}
WRONG = {
    "text/csv": [
        b"MZ\x90",
        b"a\x00b",
        "数量".encode("utf-16"),
        b"  <html><script>",
        b"%PDF-1.4",
        b"PK\x03\x04",
        b"#!/bin/sh",
    ],
    "text/plain": [b"<?php x", b"\x1b[31m", b"<!DOCTYPE html>", b"\xef\xbb\xbf<svg onload=x>"],
    "model/step": [b"HEADER;", b"solid x", b"ISO-10303-21;\x00"],
    "image/vnd.dxf": [b"SECTION", b"1\nSECTION\n"],
    "image/png": [b"\x89PNG\r\n\x1a\n....", b"GIF89a IEND", b"<svg/> IEND"],
    "image/jpeg": [b"\xff\xd8\xff\xe0....", b"\x00\xff\xd8\xff\xff\xd9"],
    "image/tiff": [b"II+\x00", b""],
    "application/pdf": [b"\n%PDF-1.4\n%%EOF", b"%PDF-1.4\n" + b" " * 2000, b"%%EOF"],
}


@pytest.mark.parametrize("media", TEXTS)
def test_a_file_of_its_type_is_taken(media: str) -> None:
    check(io.BytesIO(TEXTS[media]), MEDIA_TYPES[media])


@pytest.mark.parametrize(("media", "content"), [(media, one) for media, wrong in WRONG.items() for one in wrong])
def test_a_file_of_another_type_is_refused(media: str, content: bytes) -> None:
    with pytest.raises(Refusal):
        check(io.BytesIO(content), MEDIA_TYPES[media])


@given(st.sampled_from(sorted(MEDIA_TYPES)), st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-"]))
def test_any_bytes_are_taken_or_refused_and_nothing_else(media: str, content: bytes, head: bytes) -> None:
    with suppress(Refusal):
        check(io.BytesIO(head + content), MEDIA_TYPES[media])


@given(st.data())
def test_a_package_with_one_byte_changed_is_taken_or_refused_and_nothing_else(data: st.DataObject) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "word/document.xml"):
            archive.writestr(name, "<x/>")
    content = bytearray(made.getvalue())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    word = next(one for one in MEDIA_TYPES.values() if one.name.endswith("wordprocessingml.document"))
    with suppress(Refusal):
        check(io.BytesIO(content), word)


@given(st.text(min_size=1, max_size=100).map(lambda text: f"{text}.pdf"))
def test_a_name_that_is_taken_is_one_part_that_everybody_can_keep(name: str) -> None:
    try:
        found = clean_name(name, PDF)
    except FileNameRefused:
        return
    assert found == unicodedata.normalize("NFC", name)
    assert not set(found) & set('/\\:*?"<>|\r\n\0')
    header = disposition(found)
    assert re.fullmatch(r"attachment; filename=\"[ -~]+\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+", header), header
    assert header.count('"') == 2
    assert unquote(header.rpartition("''")[2]) == found


@pytest.mark.parametrize("name", ["nul.pdf", "COM1 .pdf", " a.pdf", "a.pdf.", "a.pdf ", "a/b.pdf", "a.txt", "a.pdf\n"])
def test_a_name_that_some_system_cannot_keep_is_refused(name: str) -> None:
    with pytest.raises(FileNameRefused):
        clean_name(name, PDF)


WORD = next(one for one in MEDIA_TYPES.values() if one.name.endswith("wordprocessingml.document"))
LOADED = '<Relationship Type="http://x/relationships/attachedTemplate" Target="http://y" TargetMode="External"/>'


def a_document(**parts: str | bytes) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"[Content_Types].xml": "<Types/>", "word/document.xml": "<x/>", **parts}.items():
            archive.writestr(name, content)
    return made


def relations(inside: str, head: str = "") -> str:
    return f'{head}<Relationships xmlns:r="r">{inside}</Relationships>'


WRITTEN: dict[str, str | bytes] = {
    "plainly": relations(LOADED),
    "across a border of what is read at once": relations("<!--" + "x" * (65_536 - 100) + "-->" + LOADED),
    "with a sign that seems its end": relations(LOADED.replace('Type="', 'Id=">" Type="')),
    "with a prefix": relations(LOADED.replace("<", "<r:")),
    "with a prefixed attribute": relations(LOADED.replace("TargetMode", "r:TargetMode")),
    "with references": relations(LOADED.replace("External", "&#69;xternal").replace("attached", "attach&#x65;d")),
    "in single quotes": relations(LOADED.replace('"', "'")),
    "with lines inside": relations(LOADED.replace(" ", "\n\t")),
    "with a declaration": relations(LOADED, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'),
    "as the last, unclosed": "<Relationships>" + LOADED,
    "in an encoding of its own": relations(LOADED, '<?xml version="1.0" encoding="cp037"?>').encode("cp037"),
    "in a declared encoding": relations(LOADED, "<?xml version='1.0' encoding='UTF-7'?>"),
    "among a hundred thousand that never end": "<Relationships>" + "<Relationship " * 100_000,
}


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_what_loads_from_elsewhere_is_found_however_it_is_written(content: str | bytes) -> None:
    with pytest.raises(Refusal):
        check(a_document(**{"word/_rels/settings.xml.rels": content}), WORD)


@pytest.mark.parametrize(
    "types",
    [
        '<Types><Override ContentType="x.macroEnabled.main+xml"/></Types>',
        '<Types><Override ContentType="x.macro&#69;nabled.main+xml"/></Types>',
        "<t:Types xmlns:t='t'><t:Default ContentType='application/vnd.ms-office.vba&#80;roject'/></t:Types>",
        "<Types>" + " " * (5 << 20) + "</Types>",
    ],
    ids=["plainly", "with a reference", "with a prefix", "too long"],
)
def test_a_type_with_macros_is_found_however_it_is_written(types: str) -> None:
    with pytest.raises(Refusal):
        check(a_document(**{"[Content_Types].xml": types}), WORD)


@pytest.mark.parametrize(
    "content",
    [
        relations(LOADED.replace(' TargetMode="External"', "")),
        relations(LOADED.replace("attachedTemplate", "hyperlink")),
        relations(LOADED.replace("attachedTemplate", "image"), '\ufeff<?xml version="1.0" encoding="utf-8"?>'),
    ],
    ids=["a template of its own", "a link", "a picture"],
)
def test_what_office_writes_itself_is_taken(content: str) -> None:
    check(a_document(**{"word/_rels/document.xml.rels": content}), WORD)
