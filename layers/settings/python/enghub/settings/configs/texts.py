"""What can be wrong with a configuration item, in both languages."""

from enghub.core.i18n import Text

TWICE = Text("it is in the batch twice", "在批量请求中重复")
ITSELF = Text("it refers to itself", "引用了自身")
NO_SUCH = Text("there is no such configuration", "没有该配置项")
CIRCLE = Text("the references would go in a circle", "引用将形成循环")
TOO_FAR = Text("it leads to more than 100 others", "牵涉超过 100 个其他配置项")
A_SECRET = Text("the secret does not fit (it is not repeated here)", "机密值不符合要求（此处不回显）")
NO_MASK = Text(
    "that is the mask of a secret, not of the one that is there: write the value itself",
    "这是机密的掩码，且与当前值不符：请填写实际值",
)
WITH_VALUE = Text(
    "a secret that is no longer encrypted needs its value anew: nobody is shown what it was",
    "取消加密时必须重新填写配置值：原机密不会被解密显示",
)
ABOVE_SECRET = Text("the {layer} layer has it encrypted: encrypt it here too", "{layer} 层中该项已加密：此处也须加密")
LATER = Text("it must be later than now", "必须晚于当前时间")
OTHER_TYPE = Text("the {layer} layer has it as {type}", "{layer} 层中其类型为 {type}")
NO_TAG = Text(
    "{tag} is no ETag of the {layer} layer: read it with ?layer={layer}",
    "{tag} 不是 {layer} 层的 ETag：请用 ?layer={layer} 读取",
)
DIFFER = Text("version and If-Match differ", "version 与 If-Match 不一致")
LEAVE_OUT = Text(
    "only a change with effectiveMode SCHEDULED has one: leave it out, or write SCHEDULED",
    "仅 effectiveMode 为 SCHEDULED 时填写：请删除，或改为 SCHEDULED",
)
WHEN = Text("effectiveMode SCHEDULED needs it: say when", "effectiveMode 为 SCHEDULED 时必须填写生效时间")
AFTER_EFFECT = Text("it must be later than the time of effect", "必须晚于生效时间")
TOO_PLANNED = Text("at most {most} other versions may be planned", "最多可计划 {most} 个其他版本")
NO_ZONE = Text(
    "it has no offset: add one (2027-03-28T01:00:00Z), or name its zone in timeZone (Europe/Berlin)",
    "缺少时区偏移：请补充（如 2027-03-28T01:00:00Z），或在 timeZone 中写明时区（如 Asia/Shanghai）",
)
NO_TIME = Text("write an ISO 8601 time", "请填写 ISO 8601 时间")
UNKNOWN_ZONE = Text("write an IANA time zone such as Asia/Shanghai", "请填写 IANA 时区，如 Asia/Shanghai")
NOT_STAGED = Text("version {version} is not staged: it waits for nobody", "版本 {version} 未处于待确认状态")
TOO_MANY = Text("a value may refer to {most} others at most", "一个值最多引用 {most} 个其他配置项")

BYTES = Text("bytes", "字节")
CHARACTERS = Text("characters", "个字符")
AT_MOST = Text("at most {most} {unit}", "最多 {most} {unit}")
AT_LEAST = Text("at least {least} {unit}", "至少 {least} {unit}")
MOST = Text("at most {most}", "最大为 {most}")
LEAST = Text("at least {least}", "最小为 {least}")
CONTROL = Text("it holds a control character", "包含控制字符")
DIGITS = Text("write digits as JSON does, at most 38", "请按 JSON 写法填写数字，最多 38 位")
TRUE_OR_FALSE = Text("write true or false", "请填写 true 或 false")
NOT_READ = Text("it cannot be read: {why}", "无法解析：{why}")
NO_ENTITIES = Text("document types and entities are not allowed", "不允许文档类型声明和实体")
NO_KEY = Text("line {line} has no key", "第 {line} 行没有键")
KIND_OF = Text("type is one of {kinds}", "type 须为以下之一：{kinds}")
UNKNOWN_MEMBER = Text("{name} is not known in a {kind} rule", "{kind} 规则中没有 {name}")
OTHER_KIND = Text("a {kind} rule does not fit the type {type}", "{kind} 规则不适用于类型 {type}")
SOME_RULES = Text("a rule of type all has rules: 1 to 10 of them", "all 规则须在 rules 中包含 1 到 10 条规则")
RULES_ARE_OBJECTS = Text("each of rules is an object", "rules 中的每一项须为对象")
BOUND_NUMBERS = Text("min and max are each a number", "min 与 max 须为数字")
BOUND_COUNTS = Text("min and max are each a whole number from 0", "min 与 max 须为不小于 0 的整数")
NO_BOUND = Text("a {kind} rule needs min, max or both", "{kind} 规则须填写 min、max 或两者")
CROSSED = Text("min is above max", "min 大于 max")
PATTERN_FORM = Text(
    "pattern is a regular expression of at most {most} characters", "pattern 须为最多 {most} 个字符的正则表达式"
)
NO_PATTERN = Text(
    "pattern is no regular expression (look-around and back-references are not supported)",
    "pattern 不是正则表达式（不支持环视和反向引用）",
)
VALUES_FORM = Text("values is a list of 1 to 200 texts", "values 须为 1 到 200 个文本的列表")
REQUIRED_FORM = Text("required is a list of property names", "required 须为属性名列表")
SCHEMA_FORM = Text("schema is a JSON Schema (2020-12)", "schema 须为 JSON Schema（2020-12）")
NO_SCHEMA = Text("schema cannot be used: {why}", "schema 无法使用：{why}")
NO_MATCH = Text("it must match {pattern}", "须匹配 {pattern}")
ONE_OF = Text("one of {values}", "须为以下之一：{values}")
MISSING = Text("{name} is missing", "缺少 {name}")
THE_VALUE = Text("the value", "配置值")
AGAINST_SCHEMA = Text("{place} does not follow the schema: {why}", "{place} 不符合 schema：{why}")
A_DELETION = Text("this version is a deletion: name an earlier one", "该版本为删除操作：请指定更早的版本")
NO_OVERRIDE = Text("the {layer} layer allows users no value of their own", "{layer} 层不允许用户设置自己的值")
NO_OWN_POLICY = Text("users have no security policy of their own", "用户没有自己的安全策略")
POLICY_TYPE = Text("this part of the security policy has the type {type}", "安全策略的该项类型须为 {type}")
POLICY_OPEN = Text("the security policy is not encrypted", "安全策略不加密")
