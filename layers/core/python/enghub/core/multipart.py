"""Forms with files, multipart/form-data (RFC 7578), read strictly: what is not understood is refused, not left out."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import multipart
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from enghub.core.errors import Invalid
from enghub.core.i18n import Text

FORM = "multipart/form-data"
MOST_PARTS = 20
NO_FORM = Text("the form cannot be read: {why}", "表单无法解析：{why}")
NO_BOUNDARY = Text("its Content-Type names no boundary", "Content-Type 未指明 boundary")
BROKEN = Text(
    "its parts are not as RFC 7578 has them, or it does not end with its boundary",
    "各部分不符合 RFC 7578，或未以 boundary 结束",
)
TWICE = Text("{name} is there twice", "{name} 重复出现")
TOO_MANY = Text("at most {most} parts, with headers of 4 KB", "最多 {most} 个部分，每个头部不超过 4 KB")
NOT_UTF8 = Text("{name} is not UTF-8", "{name} 不是 UTF-8 编码")
NO_FILE = Text("send it as a file, with a file name", "请作为文件上传，并带文件名")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file of a form; a request's field of this type takes it."""

    file_name: str
    content: bytes

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take what ``read_form`` made, nothing else."""
        from enghub.core.wire import Unfit  # noqa: PLC0415 - it imports what few need here

        def taken(value: Any) -> "Uploaded":
            if isinstance(value, cls):
                return value
            raise Unfit(NO_FILE)

        return core_schema.no_info_plain_validator_function(taken)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Publish a file as OpenAPI does."""
        return {"type": "string", "format": "binary"}


def read_form(body: bytes, content_type: str) -> dict[str, "str | Uploaded"]:
    """Return the parts of a form by name: a file where the part has a file name, else its text.

    Raises:
        Invalid: it is no form, or a name is there twice.
    """
    boundary = multipart.parse_options_header(content_type)[1].get("boundary")
    if not boundary:
        raise _refused(NO_BOUNDARY)
    form = multipart.MultipartParser(
        BytesIO(body), boundary, strict=True, part_limit=MOST_PARTS, spool_limit=len(body), memory_limit=len(body)
    )
    read: dict[str, str | Uploaded] = {}
    try:
        for part in form:
            if part.name in read:
                raise _refused(TWICE, name=part.name[:100])
            read[part.name] = _value(part)
    except multipart.ParserLimitReached as error:
        raise _refused(TOO_MANY, most=MOST_PARTS) from error
    except multipart.MultipartError as error:
        raise _refused(BROKEN) from error
    return read


def _value(part: Any) -> "str | Uploaded":
    if part.filename is not None:
        return Uploaded(part.filename, part.raw)
    try:
        return str(part.raw, "utf-8")
    except UnicodeDecodeError as error:
        raise _refused(NOT_UTF8, name=part.name[:100]) from error


def _refused(why: Text, **details: Any) -> Invalid:
    return Invalid(field="body", problem=NO_FORM.filled(why=why.filled(**details)))
