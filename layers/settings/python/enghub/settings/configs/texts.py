"""What can be wrong with a configuration item, in both languages."""

from enghub.core.i18n import Text

TWICE = Text("it is in the batch twice", "在批量请求中重复")
ITSELF = Text("it refers to itself", "引用了自身")
NO_SUCH = Text("there is no such configuration", "没有该配置项")
CIRCLE = Text("the references would go in a circle", "引用将形成循环")
TOO_FAR = Text("it leads to more than 100 others", "牵涉超过 100 个其他配置项")
ONLY_IMMEDIATE = Text("only IMMEDIATE is possible: the change is in force at once", "只能为 IMMEDIATE：变更立即生效")
NO_ENCRYPTION = Text("encrypted items are not possible: keep secrets elsewhere", "不支持加密配置项：请将机密存放于他处")
LATER = Text("it must be later than now", "必须晚于当前时间")
OTHER_TYPE = Text("the {layer} layer has it as {type}", "{layer} 层中其类型为 {type}")
NO_VERSION = Text("neither is there", "两者均未提供")
NO_TAG = Text(
    "{tag} is no ETag of the {layer} layer: read it with ?layer={layer}",
    "{tag} 不是 {layer} 层的 ETag：请用 ?layer={layer} 读取",
)
DIFFER = Text("version and If-Match differ", "version 与 If-Match 不一致")
LEAVE_OUT = Text(
    "a change with effectiveMode IMMEDIATE is in force at once: leave it out",
    "effectiveMode 为 IMMEDIATE 的变更立即生效：请不要填写",
)
TOO_MANY = Text("a value may refer to {most} others at most", "一个值最多引用 {most} 个其他配置项")
