"""What can be wrong with a manifest, in both languages."""

from enghub.core.i18n import Text

THREE_NUMBERS = Text("a patch has four numbers, {version} has three", "补丁版本号有四段，{version} 只有三段")
FOUR_NUMBERS = Text("a baseline has three numbers, {version} has four", "基线版本号有三段，{version} 有四段")
NO_PATCH = Text("only a patch has a base version", "只有补丁才有基线版本")
NAME_BASE = Text("a patch names its base version, here {base}", "补丁须填写其基线版本，此处为 {base}")
OTHER_BASE = Text("the base of {version} is {base}, not {said}", "{version} 的基线为 {base}，而非 {said}")
NOT_BELOW = Text("{said} is not below {version}", "{said} 不低于 {version}")
TAKEN = Text("{id} is already the id of {place}", "{id} 已是 {place} 的 id")
NO_CLASS = Text("{name} is not registered: no such step class can run", "{name} 未注册，无法运行该步骤类")
ITSELF = Text("{id} depends on itself", "{id} 依赖于自身")
LATER = Text("{id} runs in the later phase {phase}", "{id} 在更晚的阶段 {phase} 运行")
