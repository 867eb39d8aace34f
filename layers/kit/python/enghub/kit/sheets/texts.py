"""What can be wrong with a file, in both languages."""

from enghub.core.i18n import Text

TOO_LARGE = Text("the file has more than {most} bytes", "文件超过 {most} 字节")
BOMB = Text("unpacked it would have more than {most} bytes", "解压后将超过 {most} 字节")
TOO_MANY_ROWS = Text("it has more than {most} rows", "超过 {most} 行")
TOO_MANY_COLUMNS = Text("it has more than {most} columns", "超过 {most} 列")
TOO_LONG = Text("a cell has more than {most} characters", "单元格超过 {most} 个字符")
TOO_DEEP = Text("it is nested more than {most} deep", "嵌套超过 {most} 层")
NOT_UTF8 = Text("it is not UTF-8 (or UTF-16 with a mark): save it so", "不是 UTF-8（或带标记的 UTF-16）编码：请另存")
UNKNOWN_FORMAT = Text("write one of {formats}", "请使用以下格式之一：{formats}")
NOT_READ = Text("it cannot be read: {why}", "无法解析：{why}")
NO_HEADER = Text("the first row names the columns: it is empty", "首行须为列名，但为空")
TWICE = Text("the column {name} is there twice", "列 {name} 重复")
MORE_CELLS = Text("the row has more cells than there are columns", "该行单元格多于列数")
REPEATED = Text("{key} is there twice, on lines {first} and {second}", "{key} 重复出现于第 {first} 行和第 {second} 行")
NO_KEY = Text("the line has no key", "该行没有键")
BAD_ESCAPE = Text("\\u needs four hexadecimal digits", "\\u 之后须为四位十六进制数字")
ALIAS = Text("anchors, aliases and tags are not read: write values out", "不支持锚点、别名和标签：请直接写出值")
LIST_OF_OBJECTS = Text("write a list of objects, or one object of keys and values", "请使用对象列表，或键值对象")
ENTITIES = Text("document types and entities are not read", "不读取文档类型声明和实体")
NOT_XLSX = Text("it is no .xlsx workbook", "不是 .xlsx 工作簿")
FORMULA = Text("a formula is not read: write its value as text", "不读取公式：请以文本写出其值")
ERROR_CELL = Text("the cell shows the error {error}", "单元格为错误值 {error}")
DIGITS = Text(
    "Excel keeps 15 digits of a number, this has more: make it text", "Excel 数字仅保留 15 位，该值更长：请改为文本"
)
NO_SUCH_DAY = Text("29 February 1900 never was: write the date as text", "1900 年 2 月 29 日不存在：请以文本填写日期")
A_DATE = Text("it is a date to Excel: write it as text, as you mean it", "Excel 将其视为日期：请按原意以文本填写")
