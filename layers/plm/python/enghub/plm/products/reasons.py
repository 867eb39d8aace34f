"""Why a record, a line or a BOM is not taken over, in both languages."""

from collections.abc import Mapping
from enum import StrEnum

from enghub.core.i18n import Text


class Reason(StrEnum):
    """Why a record is rejected."""

    REQUIRED = "REQUIRED"
    FORMAT = "FORMAT"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    IN_FUTURE = "IN_FUTURE"
    MATERIAL_REQUIRED = "MATERIAL_REQUIRED"
    MATERIAL_TAKEN = "MATERIAL_TAKEN"
    DUPLICATE = "DUPLICATE"
    LOOK_ALIKE = "LOOK_ALIKE"
    FORMULA = "FORMULA"
    UNREADABLE = "UNREADABLE"
    CELLS = "CELLS"
    TOO_LONG = "TOO_LONG"
    TWICE = "TWICE"
    NOT_TEXT = "NOT_TEXT"
    CELL = "CELL"
    NUMBER = "NUMBER"
    NO_MEMBER = "NO_MEMBER"
    MAPPING = "MAPPING"
    RULE = "RULE"
    DESIGNATORS = "DESIGNATORS"
    ORPHAN = "ORPHAN"
    INCOMPLETE = "INCOMPLETE"
    BOM = "BOM"


TEXTS: Mapping[Reason, Text] = {
    Reason.REQUIRED: Text("{field} is missing", "缺少必填字段 {field}"),
    Reason.FORMAT: Text("{field} has the wrong format: {value}", "{field} 格式错误：{value}"),
    Reason.UNKNOWN_VALUE: Text("{field} has an unknown value: {value}", "{field} 的值未知：{value}"),
    Reason.IN_FUTURE: Text("{field} lies in the future: {value}", "{field} 为未来时间：{value}"),
    Reason.MATERIAL_REQUIRED: Text(
        "A ONE_TO_MANY product must name its material in {field}", "ONE_TO_MANY 产品必须在 {field} 中指定物料"
    ),
    Reason.MATERIAL_TAKEN: Text("Material {value} is mapped otherwise already", "物料 {value} 已有其他映射关系"),
    Reason.LOOK_ALIKE: Text(
        "{field} holds a character that only looks like another: {value}", "{field} 含有形近字符：{value}"
    ),
    Reason.FORMULA: Text(
        "{field} begins as a formula, which a spreadsheet would execute: {value}",
        "{field} 以公式开头，电子表格会执行：{value}",
    ),
    Reason.UNREADABLE: Text("The record cannot be read: {value}", "记录无法解析：{value}"),
    Reason.CELLS: Text("The row has another number of cells than the header: {value}", "单元格数与表头不符：{value}"),
    Reason.TOO_LONG: Text("The record has more than {value} characters", "记录超过 {value} 个字符"),
    Reason.TWICE: Text("{field} is there twice", "{field} 重复"),
    Reason.NOT_TEXT: Text("{field} has to be a text: {value}", "{field} 必须为文本：{value}"),
    Reason.CELL: Text("{field}, cell {value}", "{field}，单元格 {value}"),
    Reason.NUMBER: Text(
        "{field} is no number as the connection writes them: {value}", "{field} 不是连接所声明格式的数字：{value}"
    ),
    Reason.NO_MEMBER: Text(
        "the source has no {value}, of which {field} is made", "来源中没有用于 {field} 的成员 {value}"
    ),
    Reason.MAPPING: Text("the mapping cannot make {field}: {value}", "映射规则无法生成 {field}：{value}"),
    Reason.RULE: Text("{field} breaks a rule of the mapping: {value}", "{field} 违反映射规则：{value}"),
    Reason.DESIGNATORS: Text("{value}", "位号与用量不符或无法解析：{value}"),
    Reason.ORPHAN: Text(
        "{field} {value} has no row of the level above before it", "{field} {value} 之前没有上一级的行"
    ),
    Reason.INCOMPLETE: Text(
        "The BOM is not taken, for {value} of its lines are refused: correct them, or let its mapping be partial",
        "该 BOM 有 {value} 行被拒绝，因此未导入：请更正，或在映射规则中允许部分导入",
    ),
    Reason.BOM: Text("The BOM is not taken: {value}", "该 BOM 未导入：{value}"),
    Reason.DUPLICATE: Text("PLM object {value} has the same code and version", "PLM 对象 {value} 的编码和版本相同"),
}
