"""Why an upgrade does not reach production."""

from enghub.core.i18n import Text
from enghub.upgrade.refusals import UpgradeRefused


class NotProven(UpgradeRefused):
    """A manifest's checksum never succeeded in test."""

    text = Text(
        "{environment} takes only what succeeded in test, by its checksum: {versions} did not. Run it in test "
        "first, or send promotionWaiver with the reason: it stands in the report with your name",
        "{environment} 只接受在测试环境成功过的配置（按校验和）：{versions} 尚未成功。请先在测试环境执行，"
        "或在 promotionWaiver 中写明理由，理由与您的名字将写入报告",
    )
