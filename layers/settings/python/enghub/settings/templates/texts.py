"""What refusals of templates say, in both languages."""

from enghub.core.i18n import Text

NO_GROUP = Text(
    'write an object of items and groups: {"password": {"minLength": {"type": "number"}}}, or a JSON Schema of one',
    '请填写由配置项与分组构成的对象，如 {"password": {"minLength": {"type": "number"}}}，或其 JSON Schema',
)
UNKNOWN_WORD = Text("{word} cannot be held by an item's rule: remove it", "配置项规则无法表达 {word}，请删除")
NO_TYPE = Text("type is one of {types}", "type 须为以下之一：{types}")
NO_SCHEMA = Text("it is no JSON Schema: {why}", "不是合法的 JSON Schema：{why}")
TOO_MANY = Text("a template has at most {most} items", "一个模板最多包含 {most} 个配置项")
NO_ITEM = Text("the template has no item of that key", "模板中没有该键的配置项")
NO_SECRET = Text("a secret has no default: everybody reads templates", "敏感项不能有默认值：模板对所有人可见")
NO_NULL = Text("write a value, or leave it out", "请填写值，或不提交该键")
TOO_LONG = Text("it has {length} characters, {most} are the most", "共 {length} 个字符，最多 {most} 个")
NO_FILE = Text("the file is no template: {why}", "文件不是模板：{why}")
SAME_VERSION = Text(
    "version {version} is kept as it is: say the next one", "版本 {version} 已保存且不可更改，请使用新版本号"
)
NOT_NEWER = Text("version {version} is not newer than {latest}", "版本 {version} 不高于当前的 {latest}")
NAME_TAKEN = Text("another template has that name", "该名称已被其他模板使用")
INACTIVE = Text("the template is not active", "模板未启用")
OLDER = Text("{config_key} follows version {version}, which is newer", "{config_key} 已遵循更新的版本 {version}")
NOT_USED = Text("nothing here follows the template: apply it first", "尚无配置项遵循该模板，请先应用")
BUILT_IN = Text("a template of that id is built in, or everybody's", "该标识已被内置或全局模板占用")
NO_OVERRIDE = Text("users may have no value of their own here", "此项不允许用户自行设置")
