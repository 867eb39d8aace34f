"""Bytes to text: UTF-8 with or without a mark, UTF-16 with one. Pure."""

import codecs

from enghub.kit.sheets import texts
from enghub.kit.sheets.model import SheetRefused

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(data: bytes) -> str:
    """Return the text of a file.

    Raises:
        SheetRefused: it is in another encoding.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SheetRefused(texts.NOT_UTF8, f"byte {error.start + 1}") from error
