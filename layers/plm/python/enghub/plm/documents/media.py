"""Which files a document may be: a closed list of media types, and names that every system can keep (PLM-17). Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from enghub.core.i18n import Filled, Text
from enghub.plm.documents.errors import FileNameRefused

MIB = 1024 * 1024
LARGEST_BYTES = 100 * MIB
"""A file is read whole, hashed and looked into before it counts, within the gateway's half minute."""
LONGEST_NAME = 150
_PARTS = Text('a name without / and \\ and : * ? " < > |, please', '文件名不能含 / \\ : * ? " < > |')
_LETTERS = Text("it holds a control or invisible character", "包含控制字符或不可见字符")
_ENDS = Text("it begins or ends with a dot or blank", "不能以点或空格开头或结尾")
_DEVICE = Text("some systems keep this name for a device", "该名称为系统保留设备名")
_ENDING = Text("a file of type {media} ends in {wanted}", "{media} 类型的文件扩展名应为 {wanted}")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{at}" for port in ("com", "lpt") for at in range(1, 10))})


class Family(StrEnum):
    """How the content of a type is recognised."""

    PDF = "PDF"
    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    WORD = "word"
    EXCEL = "xl"
    POWERPOINT = "ppt"
    TEXT = "TEXT"
    STEP = "STEP"
    DXF = "DXF"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A type of files that documents may have."""

    name: str
    family: Family
    endings: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES: Mapping[str, MediaType] = {
    one.name: one
    for one in (
        MediaType("application/pdf", Family.PDF, (".pdf",)),
        MediaType("image/png", Family.PNG, (".png",)),
        MediaType("image/jpeg", Family.JPEG, (".jpg", ".jpeg")),
        MediaType("image/tiff", Family.TIFF, (".tif", ".tiff")),
        MediaType(f"{_OFFICE}.wordprocessingml.document", Family.WORD, (".docx",)),
        MediaType(f"{_OFFICE}.spreadsheetml.sheet", Family.EXCEL, (".xlsx",)),
        MediaType(f"{_OFFICE}.presentationml.presentation", Family.POWERPOINT, (".pptx",)),
        MediaType("text/csv", Family.TEXT, (".csv",)),
        MediaType("text/plain", Family.TEXT, (".txt",)),
        MediaType("model/step", Family.STEP, (".stp", ".step", ".p21")),
        MediaType("image/vnd.dxf", Family.DXF, (".dxf",)),
    )
}
"""No HTML, SVG, scripts, archives, and no office files of the kinds that may hold macros."""


def clean_name(name: str, media: MediaType) -> str:
    """Return the name of a file, composed (NFC).

    Raises:
        FileNameRefused: some system could not keep it, it hides something, or it ends otherwise than its type.
    """
    found = unicodedata.normalize("NFC", name)
    problem = _problem(found, media)
    if problem is not None:
        raise FileNameRefused(field="fileName", problem=problem)
    return found


def _problem(name: str, media: MediaType) -> Text | Filled | None:
    if not name.isprintable():
        return _LETTERS
    if re.search(r'[/\\:*?"<>|]', name):
        return _PARTS
    if name != name.strip(". "):
        return _ENDS
    if name.partition(".")[0].rstrip().lower() in _DEVICES:
        return _DEVICE
    if not name.lower().endswith(media.endings):
        return _ENDING.filled(media=media.name, wanted=", ".join(media.endings))
    return None


def disposition(name: str) -> str:
    """Return the Content-Disposition of a download: never shown in the browser, its name as RFC 6266 and 8187 say."""
    plain = re.sub(r"[^ !#$&+.0-9A-Z^_`a-z{}~()@,;=\[\]-]", "_", unicodedata.normalize("NFKD", name))
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
