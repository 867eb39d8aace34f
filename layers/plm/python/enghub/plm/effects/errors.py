"""What can go wrong with the effect of a change."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class EffectNotFound(NotFound):
    """Nobody has planned how the change takes effect."""

    text = Text("The effect of {ecn_number} is not planned", "变更 {ecn_number} 尚未规划生效方式")


class EffectExists(Conflict):
    """It is planned."""

    text = Text("The effect of {ecn_number} is planned already", "变更 {ecn_number} 的生效方式已规划")


class EffectStateRefused(Conflict):
    """The effect is not where this may be done."""

    text = Text("The effect of {ecn_number} is {status}", "变更 {ecn_number} 的生效状态为 {status}")


class ChangeNotInForce(RuleViolated):
    """The change has no change point, or is withdrawn."""

    text = Text(
        "{ecn_number} is {status}: only a processed change that stands takes effect",
        "变更 {ecn_number} 状态为 {status}：仅已处理且有效的变更可以生效",
    )


class SerialMissing(RuleViolated):
    """A change at a serial names it."""

    text = Text("{field}: name the first serial of the new revision", "{field}：请填写新版本的起始序列号")


class LineUnknown(NotFound):
    """The effect has no such line."""

    text = Text("The effect of {ecn_number} has no line {line}", "变更 {ecn_number} 没有处置行 {line}")


class DispositionMissing(RuleViolated):
    """Stock of the old revision has no disposition."""

    text = Text("The effect of {ecn_number} lacks dispositions: {missing}", "变更 {ecn_number} 缺少处置方式：{missing}")
