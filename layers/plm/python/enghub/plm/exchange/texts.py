"""What can be wrong with a whole file, in both languages; what is wrong with a record is a ``Reason`` of products."""

from enghub.core.i18n import Text

TOO_LARGE = Text("the file has more than {most} bytes", "文件超过 {most} 字节")
ENCODING = Text(
    "it is not {encoding}, which the connection declares: byte {at}", "不是连接所声明的 {encoding} 编码：第 {at} 字节"
)
NO_MARK = Text("UTF-16 begins with a byte order mark, this does not", "UTF-16 文件须以字节顺序标记开头")
NO_HEADER = Text("the first line names the columns: it is empty", "首行须为列名，但为空")
TWICE = Text("the column {name} is there twice", "列 {name} 重复")
NO_COLUMN = Text(
    "there is no column {name}; there are {found}: is the separator or the encoding another than is declared?",
    "缺少列 {name}，现有 {found}：分隔符或编码是否与连接所声明的不同？",
)
NOT_READ = Text("it cannot be read: {why}", "无法解析：{why}")
GONE = Text("it is not there any more", "文件已不存在")
OPEN_LIST = Text("it cannot be read: the list does not end", "无法解析：列表没有结束")
TOO_DEEP = Text("it cannot be read: it is nested too deep", "无法解析：嵌套过深")
TYPED = Text("document types and entities are not read", "不读取文档类型声明和实体")
TOO_LONG = Text("a record has more than {most} characters", "单条记录超过 {most} 个字符")
TOO_MANY = Text("it has more than {most} records", "记录超过 {most} 条")
NO_LIST = Text("write a list of objects, or an object on each line", "请使用对象列表，或每行一个对象")
EMPTY = Text("it has no records", "文件中没有记录")
NO_RECORDS = Text("there is no element {path} beneath its root", "根元素下没有 {path}")
NOT_EXCEL = Text("it is no workbook of .xlsx that can be read: {why}", "不是可读取的 .xlsx 工作簿：{why}")
