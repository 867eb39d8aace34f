"""What pydantic found wrong with a request, as one of our errors: the field, and a whole sentence in each language."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from enghub.core.errors import Invalid
from enghub.core.i18n import Filled, Text
from enghub.core.strictjson import Unreadable
from enghub.core.wire import FORMS, Unfit

MAX_SHOWN = 20
_WHOLE = Text("write a whole number", "请填写整数")
_NUMBER = Text("write a number", "请填写数字")
_FLAG = Text("write true or false", "请填写 true 或 false")
_CHOICE = Text("write one of {expected}", "请填写以下之一：{expected}")
_LIST = Text("write a list", "请填写列表")
_OBJECT = Text("write a JSON object", "请填写 JSON 对象")
_SENTENCES = {
    "missing": Text("it is required", "必须填写"),
    "extra_forbidden": Text("it is not known here: remove it", "此处没有该字段，请删除"),
    "json_invalid": Text("it is not valid JSON", "不是合法的 JSON"),
    "string_type": Text("write a text", "请填写文本"),
    "string_unicode": Text("it holds text that is not valid Unicode", "包含无效的 Unicode 字符"),
    "string_too_short": Text("write at least {min_length} characters", "至少填写 {min_length} 个字符"),
    "string_too_long": Text("write at most {max_length} characters", "最多填写 {max_length} 个字符"),
    "string_pattern_mismatch": Text("it does not have the form {pattern}", "格式不符合 {pattern}"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "greater_than": Text("write more than {gt}", "必须大于 {gt}"),
    "greater_than_equal": Text("write {ge} or more", "必须大于或等于 {ge}"),
    "less_than": Text("write less than {lt}", "必须小于 {lt}"),
    "less_than_equal": Text("write {le} or less", "必须小于或等于 {le}"),
    "decimal_max_digits": Text("write at most {max_digits} digits", "最多 {max_digits} 位数字"),
    "decimal_max_places": Text("write at most {decimal_places} decimals", "最多 {decimal_places} 位小数"),
    "decimal_whole_digits": Text(
        "write at most {whole_digits} digits before the point", "整数部分最多 {whole_digits} 位"
    ),
    "too_short": Text("name at least {min_length}", "至少填写 {min_length} 项"),
    "too_long": Text("name at most {max_length}", "最多填写 {max_length} 项"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "none_required": Text("leave it out", "请不要填写"),
}
_NULL = Text(
    "it cannot be empty: write a value, or leave it out to keep what is there",
    "不能为空：请填写值，或不提交该字段以保持不变",
)
_OTHER = Text("it does not have the expected form ({kind})", "格式不符合要求（{kind}）")


def invalid(found: Iterable[Mapping[str, Any]]) -> Invalid:
    """Return the error for what pydantic found; ``errors`` lists up to 20 of them."""
    problems = [{"field": _field(one), "problem": said(one)} for one in found]
    return Invalid(**problems[0], errors=problems[:MAX_SHOWN])


def unreadable(error: json.JSONDecodeError) -> Invalid:
    """Return the error for a body that is no JSON that we read."""
    if isinstance(error, Unreadable):
        return Invalid(field=error.field, problem=error.text)
    return Invalid(field="body", problem=_SENTENCES["json_invalid"])


def _field(found: Mapping[str, Any]) -> str:
    error = (found.get("ctx") or {}).get("error")
    place = list(found["loc"])
    if len(place) > 1 and place[0] == "path":
        place = [to_camel(str(place[1]))]
    elif len(place) > 2 and place[:2] == ["query", "query"]:  # a model of the whole query
        place = place[2:]
    elif len(place) > 1 and place[0] in {"body", "query", "header"}:
        place = place[1:]
    if isinstance(error, Unfit) and error.field:
        place = [*(part for part in place if part != "body"), error.field]
    return ".".join(map(str, place)) or "body"


def said(found: Mapping[str, Any]) -> Text | Filled:
    """Return why pydantic refused a value, as a whole sentence."""
    kind: str = found["type"]
    context = dict(found.get("ctx") or {})
    if found.get("input", ...) is None and kind != "missing":
        return _NULL
    if isinstance(error := context.get("error"), Unfit):
        return error.said
    if kind == "value_error":
        return Text(str(error), str(error))
    if (form := FORMS.get(context.get("pattern", ""))) is not None:
        return form
    if "expected" in context:
        context["expected"] = ", ".join(re.findall(r"'([^']*)'", context["expected"])) or context["expected"]
    return _SENTENCES.get(kind, _OTHER).filled(kind=kind, **context)
