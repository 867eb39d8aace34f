"""What can be wrong with a file of configuration, in both languages."""

from enghub.core.i18n import Text

UNKNOWN_COLUMN = Text("there is no such column: {columns}", "没有该列，可用列：{columns}")
EMPTY = Text("it is missing", "缺少内容")
NO_JSON = Text("write it as JSON", "请按 JSON 填写")
NO_ROWS = Text("it holds no rows", "文件中没有数据行")
NOT_IN_TEMPLATE = Text("the template {name} has no item of that key", "模板 {name} 中没有该键的配置项")
