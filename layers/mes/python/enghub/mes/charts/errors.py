"""Why a command on a control chart is refused."""

from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class CharacteristicNotFound(NotFound):
    """No characteristic of this id exists in the caller's factory."""

    text = Text("Characteristic {characteristic_id} does not exist", "特性 {characteristic_id} 不存在")


class SampleDoesNotFit(Invalid):
    """The sample is none of this chart."""

    text = Text("{field} does not fit a {chart} chart: send {wanted}", "{field} 与 {chart} 控制图不符：请提交 {wanted}")


class BaselineTooSmall(RuleViolated):
    """Limits are learnt from enough samples."""

    text = Text(
        "The baseline has {samples} samples: limits need at least {least}, take more first",
        "基准样本仅 {samples} 组，至少需要 {least} 组，请继续取样",
    )


class NoVariation(RuleViolated):
    """All values are equal: there is nothing to learn limits from."""

    text = Text(
        "Characteristic {characteristic_id} shows no variation: measure with a finer gauge before setting limits",
        "特性 {characteristic_id} 没有变异：请使用分辨率更高的量具后再设定控制限",
    )


class CharacteristicFixed(RuleViolated):
    """How a characteristic is charted stays as it is while limits are in force."""

    text = Text(
        "{field} cannot change while limits are in force: start a new baseline first",
        "控制限生效期间不能修改 {field}：请先开始新的基准阶段",
    )
