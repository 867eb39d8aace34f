"""Looks into a file: is it of the type that it says, and holds it what no file here may hold (PLM-17, PLM-28)? Pure.

It knows the closed list of types by their content, refuses office files with macros, ActiveX, remote templates, DDE or
entities, encrypted ones, and archives that unpack without end. It is no scanner for malware: it knows no signatures,
does not run JavaScript of a PDF, and does not look into files inside files.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

from enghub.core.i18n import Filled, Text
from enghub.core.lazy import lazy
from enghub.plm.documents.media import MIB, Family, MediaType

if TYPE_CHECKING:
    import defusedxml.common as xml_errors
    from defusedxml import ElementTree
else:
    ElementTree = lazy("defusedxml.ElementTree")
    xml_errors = lazy("defusedxml.common")

CHUNK = 64 * 1024
MOST_ENTRIES = 5_000
MOST_UNPACKED = 256 * MIB
MOST_DESCRIBED = 4 * MIB
"""Bytes of a part that says what others are: their types, their relations."""
OVERLAP = 64
"""Bytes of the chunk before that are looked at again, so that no word is cut in two."""
OTHER = Text("its content is not {media}", "其内容不是 {media}")
CUT = Text("it ends too early", "文件不完整")
NOT_TEXT = Text("it is no text of bytes: save it as UTF-8", "不是按字节编码的文本：请以 UTF-8 保存")
MARKUP = Text("it begins like a page or a program", "内容以网页或程序开头")
MACROS = Text("it holds macros or controls ({part}): save it without them", "含有宏或控件（{part}），请另存")
LOCKED = Text("it is protected by a password", "文件受密码保护")
TOO_MUCH = Text("it unpacks to more than {most} MiB or {entries} parts", "解压后超过 {most} MiB 或 {entries} 个部分")
REMOTE = Text("it loads content from elsewhere ({part})", "会从外部加载内容（{part}）")
ENTITIES = Text("it declares entities or another encoding in {part}", "{part} 声明了实体或其他编码")
BROKEN = Text("its parts are damaged: {why}", "其内部已损坏：{why}")
TOO_MUCH_UNPACKED = TOO_MUCH.filled(most=MOST_UNPACKED // MIB, entries=MOST_ENTRIES)

_HEADS: Mapping[Family, tuple[bytes, ...]] = {
    Family.PDF: (b"%PDF-",),
    Family.PNG: (b"\x89PNG\r\n\x1a\n",),
    Family.JPEG: (b"\xff\xd8\xff",),
    Family.TIFF: (b"II*\x00", b"MM\x00*"),
}
_ENDS: Mapping[Family, bytes] = {Family.PDF: b"%%EOF", Family.PNG: b"IEND", Family.JPEG: b"\xff\xd9"}
_MAIN = {Family.WORD: "word/document.xml", Family.EXCEL: "xl/workbook.xml", Family.POWERPOINT: "ppt/presentation.xml"}
_DXF = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s*999\r?\n[^\n]*\n)*\s*0\r?\n\s*SECTION\r?\n")
_DXF_BINARY = b"AutoCAD Binary DXF\r\n\x1a\x00"
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<(?:!doctype|html|script|svg|\?xml|\?php|!--)|#!|%PDF-|PK\x03\x04|MZ)", re.IGNORECASE
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""UTF-16, in which no word is found by its bytes."""
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_ACTIVE = re.compile(r"vbaproject|vbadata|(^|/)(macrosheets|activex|ctrlprops)/|\.(bin|exe|dll|js|vbs|hta|jar)$")
_PRINTERS = re.compile(r"(^|/)printersettings/printersettings\d*\.bin$")
_ENCODING = re.compile(rb"<\?xml\s[^>]{0,200}encoding\s*+=\s*+[\"'](?!utf-8[\"']|us-ascii[\"'])", re.IGNORECASE)
_LOADED = ("/attachedtemplate", "/oleobject", "/frame", "/subdocument", "/control")


class Refusal(Exception):
    """The file is refused; ``problem`` says why."""

    def __init__(self, problem: Text | Filled) -> None:
        self.problem = problem
        super().__init__(problem.render("en"))


def check(stream: BinaryIO, media: MediaType) -> None:
    """Look into a file, which is read from its start.

    Raises:
        Refusal
    """
    stream.seek(0)
    if media.family in _MAIN:
        _office(stream, media)
    elif media.family in _HEADS:
        _binary(stream, media)
    else:
        _text(stream, media)


def _binary(stream: BinaryIO, media: MediaType) -> None:
    if not stream.read(16).startswith(_HEADS[media.family]):
        raise Refusal(OTHER.filled(media=media.name))
    end = _ENDS.get(media.family)
    if end is not None:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 1024))
        if end not in stream.read():
            raise Refusal(CUT)


def _text(stream: BinaryIO, media: MediaType) -> None:
    head = stream.read(4096)
    if media.family is Family.DXF and head.startswith(_DXF_BINARY):
        return
    if media.family is Family.STEP and not head.lstrip().startswith(b"ISO-10303-21;"):
        raise Refusal(OTHER.filled(media=media.name))
    if media.family is Family.DXF and not _DXF.match(head):
        raise Refusal(OTHER.filled(media=media.name))
    if head.startswith(_WIDE):
        raise Refusal(NOT_TEXT)
    if _MARKUP.match(head):
        raise Refusal(MARKUP)
    while head:
        if _CONTROL.search(head):
            raise Refusal(NOT_TEXT)
        head = stream.read(CHUNK)


def _office(stream: BinaryIO, media: MediaType) -> None:
    if stream.read(4) != b"PK\x03\x04":
        raise Refusal(OTHER.filled(media=media.name))
    try:
        with zipfile.ZipFile(stream) as package:
            _package(package, media)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Refusal(BROKEN.filled(why=str(error)[:100] or type(error).__name__)) from error


def _package(package: zipfile.ZipFile, media: MediaType) -> None:
    parts, left = package.infolist(), MOST_UNPACKED
    if len(parts) > MOST_ENTRIES or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Refusal(TOO_MUCH_UNPACKED)
    names = {part.filename for part in parts}
    if len(names) != len(parts) or not {"[Content_Types].xml", _MAIN[media.family]} <= names:
        raise Refusal(OTHER.filled(media=media.name))
    for part in parts:
        left -= _part(package, part, left)


def _part(package: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Look into one part, of at most ``left`` bytes; return its bytes."""
    name, shown, size = part.filename.lower(), part.filename[:100], 0
    if part.flag_bits & 1:
        raise Refusal(LOCKED)
    if _ACTIVE.search(name) and not _PRINTERS.search(name):
        raise Refusal(MACROS.filled(part=shown))
    for window, is_new in _windows(package, part):
        size += is_new
        if size > left:  # what the directory says of its parts may be untrue
            raise Refusal(TOO_MUCH_UNPACKED)
        if name.endswith((".xml", ".vml", ".rels")):
            _markup(window, shown)
    if name.endswith(".rels") or name == "[content_types].xml":
        if size > MOST_DESCRIBED:
            raise Refusal(TOO_MUCH_UNPACKED)
        _described(package.read(part), shown)
    return size


def _windows(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[tuple[bytes, int]]:
    """Yield a part's content with a bit of what came before, and how much of it is new; damage raises at its end."""
    with package.open(part) as content:
        before = b""
        while chunk := content.read(CHUNK):
            yield before + chunk, len(chunk)
            before = chunk[-OVERLAP:]


def _markup(window: bytes, part: str) -> None:
    """Office writes UTF-8 without declarations of its own; another encoding would hide words from this look."""
    if b"\x00" in window or b"<!DOCTYPE" in window or b"<!ENTITY" in window or _ENCODING.search(window):
        raise Refusal(ENTITIES.filled(part=part))
    if b"ddeLink" in window:
        raise Refusal(REMOTE.filled(part=part))


class _Described:
    """Looks at elements as a parser reads them, whatever their prefixes, quotes and references."""

    def __init__(self, part: str) -> None:
        self.part = part

    def start(self, _: str, attributes: dict[str, str]) -> None:
        named = {name.rpartition("}")[2].lower(): value.strip().lower() for name, value in attributes.items()}
        if "macroenabled" in (kind := named.get("contenttype", "")) or "vbaproject" in kind:
            raise Refusal(MACROS.filled(part=self.part))
        if named.get("targetmode") == "external" and named.get("type", "").endswith(_LOADED):
            raise Refusal(REMOTE.filled(part=self.part))

    def close(self) -> None:
        """A parser asks for it."""


def _described(content: bytes, part: str) -> None:
    try:
        parser = ElementTree.XMLParser(target=_Described(part), forbid_dtd=True)
        parser.feed(content)
        parser.close()
    except xml_errors.DefusedXmlException as error:
        raise Refusal(ENTITIES.filled(part=part)) from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Refusal(BROKEN.filled(why=f"{part}: {error}"[:100])) from error
